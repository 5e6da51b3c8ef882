import { blockKind } from '../rows.ts';
import { needVector } from '../values.ts';
import { unitLength } from '../vector_ops.ts';

export const normalize = blockKind({
  doc: 'Each row divided by its length: vector[N] → vector[N] of length 1, or each interest, or each element of a sequence. A row of zeros stays one.',
  formula: ['x / ‖x‖; x where ‖x‖² ≤ 1e-12'],
  when: 'At the end of a channel whose vectors should have length 1; `cosine` does it by itself.',
  paper: 'Yi et al., "Sampling-bias-corrected neural modeling", RecSys 2019 (section 4: normalized embeddings)',
  example: 'normalize',
  lower({ builder }, input) {
    if (input.kind === 'sequence') return { ...input, tensor: unitLength(builder, input.tensor) };
    const vector = input.kind === 'interests' ? input : needVector(input);
    if (vector.normalized) return vector;
    return { ...vector, tensor: unitLength(builder, vector.tensor), normalized: true };
  },
});
