import { blockKind } from '../rows.ts';
import { eachVector } from '../values.ts';
import { layer } from './layer.ts';

export const gate = blockKind({
  doc: 'Lets each number through by a share that all of them decide. vector[N] → vector[N]; the same for each interest, and for each element of a sequence.',
  formula: ['σ(x · W + b) ⊙ x'],
  when: 'Where numbers should count less in some rows than in others.',
  paper: 'Miech et al., "Learnable pooling with context gating", 2017 (equation 1)',
  example: 'gate',
  lower(context, input) {
    const { builder } = context;
    return eachVector(builder, input, (rows, width) => ({
      tensor: builder.mul(layer(context, rows, width, width, 'sigmoid'), rows),
      width,
    }));
  },
});
