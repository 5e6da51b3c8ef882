import { integer, rest, text } from '../parameters.ts';
import { featureKind } from '../rows.ts';
import { dictionary } from './dictionary.ts';

export const category = featureKind({
  doc: 'One of a set of values: one row of an embedding table. The values are those listed, else learnt from the training part; one row stands for any other. Gives a field of width `dim`.',
  when: 'For a small, closed set of values. List the values where you know them; otherwise they are learnt.',
  paper: 'Covington et al., "Deep neural networks for YouTube recommendations", RecSys 2016',
  example: 'category("F", "M", dim: 4)',
  column: 'any',
  parameters: {
    values: rest(text({ doc: 'The values, when they are known beforehand.' })),
    dim: integer({ min: 1, doc: 'Width of the embedding.', default: 8 }),
    hash: integer({ min: 1, doc: 'Rows of the table when values are hashed, not learnt.' }),
    min_count: integer({
      min: 1,
      doc: 'Rows of training data below which a value counts as unseen; 1 where not given.',
    }),
  },
  use({ values, dim, hash, min_count }) {
    return { encoder: dictionary({ values, hash, minimumCount: min_count }), gives: 'code', dim };
  },
});
