import { integer } from '../parameters.ts';
import { featureKind } from '../rows.ts';

export const vector = featureKind({
  doc: 'A fixed number of numbers, such as an embedding made elsewhere. Gives a field of width `size`, or of width `dim` through a learned map.',
  formula: ['x; x · W with dim'],
  when: 'For embeddings that another model computed, of texts or pictures.',
  paper: 'no paper: the numbers are taken as they are',
  example: 'vector(256, dim: 64)',
  column: 'vector',
  parameters: {
    size: integer({ min: 1, required: true, positional: true, doc: 'How many numbers a row has.' }),
    dim: integer({
      min: 1,
      doc: 'Width of the field after a learned [size × dim] map. Without `dim`: the numbers themselves.',
    }),
  },
  use({ size, dim }) {
    return { encoder: { kind: 'vector', size }, gives: 'numbers', size, project: dim };
  },
});
