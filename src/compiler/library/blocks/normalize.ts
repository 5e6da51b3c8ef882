import { formulaBlock } from '../rows.ts';

export const normalize = formulaBlock('normalize', {
  doc: 'Each row divided by its length: vector[N] → vector[N] of length 1, or each interest, or each element of a sequence. A row of zeros stays one.',
  when: 'At the end of a channel whose vectors should have length 1; `cosine` does it by itself.',
  paper: 'Yi et al., "Sampling-bias-corrected neural modeling", RecSys 2019 (section 4: normalized embeddings)',
  example: 'normalize',
});
