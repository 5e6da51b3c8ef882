import { integer } from '../parameters.ts';
import { featureKind } from '../rows.ts';
import { dictionary } from './dictionary.ts';

export const id = featureKind({
  doc: 'An identifier: one row of an embedding table. Values come from the training part; one row is for unseen values. Gives a field of width `dim`.',
  formula: ['table[code(x)], one code for all unseen values'],
  when: 'For users and items, and for anything with many values. `dim: 0` keeps a key out of the model.',
  paper: 'Covington et al., "Deep neural networks for YouTube recommendations", RecSys 2016',
  example: 'id(hash: 200_000, dim: 32)',
  column: 'any',
  parameters: {
    dim: integer({ min: 0, doc: 'Width of the embedding; 0: a key only, without a table.', default: 32 }),
    hash: integer({ min: 1, doc: 'Rows of the table if values are hashed.' }),
    min_count: integer({
      min: 1,
      doc: 'A value with fewer training rows counts as unseen. Default 1.',
    }),
  },
  use({ dim, hash, min_count }) {
    return { encoder: dictionary({ hash, minimumCount: min_count }), gives: 'code', dim };
  },
});
