import { defined } from '../../defined.ts';
import { ShapeError } from '../contract.ts';
import { integer, number } from '../parameters.ts';
import { featureKind } from '../rows.ts';
import { dictionary } from './dictionary.ts';

export const id = featureKind({
  doc: 'An identifier: one row of an embedding table. Values come from the training part; one row is for unseen values, which `drop` trains. Gives a field of width `dim`.',
  formula: ['table[code(x)], one code for all unseen values; in training that code with probability drop'],
  when: 'For users and items, and for anything with many values. `dim: 0` keeps a key out of the model. Use `drop: 10%` where new items come with features that describe them.',
  paper:
    'Covington et al., "Deep neural networks for YouTube recommendations", RecSys 2016; drop: Volkovs et al., "DropoutNet: addressing cold start in recommender systems", NeurIPS 2017',
  example: 'id(hash: 200_000, dim: 32)',
  column: 'any',
  parameters: {
    dim: integer({ min: 0, doc: 'Width of the embedding; 0: a key only, without a table.', default: 32 }),
    hash: integer({ min: 1, doc: 'Rows of the table if values are hashed.' }),
    min_count: integer({
      min: 1,
      doc: 'A value with fewer training rows counts as unseen. Default 1.',
    }),
    drop: number({
      min: 0,
      below: 1,
      doc: 'Share of training rows in which the id is the unknown one, drawn anew each step. The row of unseen ids is then trained, and an item whose id is unseen is ranked by its other features.',
    }),
  },
  use({ dim, hash, min_count, drop = 0 }) {
    if (drop > 0 && hash !== undefined)
      throw new ShapeError('takes `hash` or `drop`, not both: a hash has no row for unseen ids');
    if (drop > 0 && dim === 0) throw new ShapeError('has no table with `dim: 0`: nothing is left to `drop`');
    return {
      encoder: dictionary({ hash, minimumCount: min_count }),
      gives: 'code',
      dim,
      ...defined({ drop: drop > 0 ? drop : undefined }),
    };
  },
});
