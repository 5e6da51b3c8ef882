import { integer } from '../parameters.ts';
import { featureKind } from '../rows.ts';
import { dictionary } from './dictionary.ts';

export const id = featureKind({
  doc: 'An identifier: one row of an embedding table. Values are learnt from the training part; one row stands for the unseen. Gives a field of width `dim`.',
  when: 'For users and items, and for anything with many values. `dim: 0` keeps a key out of the model.',
  paper: 'Covington et al., "Deep neural networks for YouTube recommendations", RecSys 2016',
  example: 'id(hash: 200_000, dim: 32)',
  column: 'any',
  parameters: {
    dim: integer({ min: 0, doc: 'Width of the embedding; 0: a key only, without a table.', default: 32 }),
    hash: integer({ min: 1, doc: 'Rows of the table when values are hashed, not learnt.' }),
    min_count: integer({
      min: 1,
      doc: 'Rows of training data below which a value counts as unseen; 1 where not given.',
    }),
  },
  use({ dim, hash, min_count }) {
    return { encoder: dictionary({ hash, minimumCount: min_count }), gives: 'code', dim };
  },
});
