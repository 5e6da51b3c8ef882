import { formulaBlock } from '../rows.ts';

export const gate = formulaBlock('gate', {
  doc: 'Lets each number through by a share that all of them decide. vector[N] → vector[N]; the same for each interest, and for each element of a sequence.',
  when: 'Where numbers should count less in some rows than in others.',
  paper: 'Miech et al., "Learnable pooling with context gating", 2017 (equation 1)',
  example: 'gate',
});
