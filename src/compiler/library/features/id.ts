import type { Encoder } from '../../../graph/plan/plan.ts';
import { ShapeError } from '../contract.ts';
import { choice, flag, integer, number, text } from '../parameters.ts';
import { featureKind } from '../rows.ts';
import { dictionary } from './dictionary.ts';

const expiring = (encoder: Encoder, expireDays: number | undefined): Encoder =>
  encoder.kind === 'vocabulary' ? { ...encoder, expireDays } : encoder;

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
      doc: 'A value with fewer training rows counts as unseen, those of earlier runs with `--from` among them. Default 1.',
    }),
    expire_days: number({
      above: 0,
      doc: 'A value leaves the vocabulary when no training event had it for so many days before the last one. Needs the `time` of the data block.',
    }),
    vocabulary: text({ doc: 'A file with the ids, one a line, from the folder of the data block.' }),
    init: text({
      doc: 'A .npy file of float32 or float64, [rows × dim], in NumPy format 1 to 3: the first values of the table, from the folder of the data block. Ids without a row begin as usual, or at 0 with `frozen`.',
    }),
    keys: text({ doc: 'A file with the id of each row of `init`, one a line.' }),
    frozen: flag({ doc: 'Training leaves the rows of `init` as they are.' }),
    precision: choice(['float32', 'bf16'], {
      doc: 'How the rows of the table are kept. `bf16` takes half of the memory: each step rounds its rows up or down at random, so that the mean is exact. The optimizer keeps float32.',
      default: 'float32',
    }),
    drop: number({
      min: 0,
      below: 1,
      doc: 'Share of training rows in which the id is the unknown one, drawn anew each step. The row of unseen ids is then trained, and an item whose id is unseen is ranked by its other features.',
    }),
  },
  use({ dim, hash, min_count, expire_days, vocabulary, init, keys, frozen, precision, drop = 0 }) {
    if (drop > 0 && hash !== undefined)
      throw new ShapeError('takes `hash` or `drop`, not both: a hash has no row for unseen ids');
    if (drop > 0 && dim === 0) throw new ShapeError('has no table with `dim: 0`: nothing is left to `drop`');
    if (precision === 'bf16' && dim === 0) throw new ShapeError('has no table with `dim: 0`: `precision` says nothing');
    if ((init === undefined) !== (keys === undefined)) {
      throw new ShapeError('takes `init` and `keys` together: the vectors, and the id of each');
    }
    if (frozen && init === undefined) throw new ShapeError('takes `frozen` with `init`: its table has nothing to keep');
    if (init !== undefined && hash !== undefined)
      throw new ShapeError('takes `init` or `hash`, not both: ids of one hash share a row');
    if (init !== undefined && vocabulary !== undefined)
      throw new ShapeError('takes `init` or `vocabulary`, not both: `keys` names ids');
    if (init !== undefined && dim === 0) throw new ShapeError('has no table with `dim: 0`: `init` has nothing to fill');
    const fixedValues = { hash, vocabulary, init };
    for (const [name, value] of Object.entries(fixedValues)) {
      if (expire_days !== undefined && value !== undefined)
        throw new ShapeError(`takes \`${name}\` or \`expire_days\`, not both: values that are given do not leave`);
    }
    if (frozen && drop > 0)
      throw new ShapeError('takes `frozen` or `drop`, not both: the row of unseen ids is not trained');
    return {
      encoder: expiring(dictionary({ hash, minimumCount: min_count, file: vocabulary }), expire_days),
      gives: 'code',
      dim,
      drop: drop > 0 ? drop : undefined,
      vectors: init === undefined || keys === undefined ? undefined : { file: init, keys },
      frozen: frozen || undefined,
      precision: precision === 'bf16' ? precision : undefined,
    };
  },
});
