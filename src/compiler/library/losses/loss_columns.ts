/** Lowers the scores of each row against many columns: items of the batch, of past batches (the queue), of the corpus, or drawn for all rows together. */
import type { Ref } from '../../../graph/builder.ts';
import type { QueueRows, RowsOf, SharedRows } from '../../../graph/plan/plan.ts';
import { areSets } from '../../../graph/vector_sets.ts';
import { type LossContext, ShapeError, type VectorScore } from '../contract.ts';
import { integer, kind } from '../parameters.ts';
import { type FurtherHits, replaceHits } from './hits.ts';
import { logQOf } from './log_q.ts';
import { columnScores, sharpenedRow, weightedMean } from './weighted_mean.ts';

/** Items of past batches serve as further negatives: their vectors of that time, without a gradient. */
const queues = {
  batches: {
    doc: "The item vectors of the last n batches, as the towers computed them then. A column that is the row's own item is masked, and `correction` corrects all columns alike.",
    paper:
      'Wang et al., "Cross-batch negative sampling for training two-tower recommenders", SIGIR 2021 (section 3.3); He et al., "Momentum contrast", CVPR 2020',
    example: 'batches(4, after: 1000)',
    parameters: {
      n: integer({ min: 1, required: true, positional: true, doc: 'How many batches.' }),
      after: integer({
        min: 0,
        doc: 'Steps before which the queue is filled and not read: early vectors change fast.',
        default: 0,
      }),
    },
  },
} as const;

export const queue = kind(queues, {
  doc: 'Further negatives with `in_batch`: the items of past batches. They cost a product and no tower.',
});

type Queue = NonNullable<(typeof queue)['value']>;

/** Returns the columns of the queue: float32 [batch, n × batch]. The step outputs the vectors of its own items as `queue:<task>`. */
export function queueColumns(
  context: LossContext,
  score: VectorScore,
  { arguments: { n, after } }: Queue,
  {
    sharpness,
    correction,
    hits,
  }: { sharpness: number; correction: 'none' | 'frequency' | 'streaming'; hits: FurtherHits },
): ScoreColumns {
  const { builder, task, key, batch } = context;
  if (areSets(score.item)) throw new ShapeError('keeps one vector of each past item, and the score has several');
  const count = n * batch;
  const rows: QueueRows = { kind: 'queue', task, key, count, width: score.width, after };
  const vectors = context.input(`queue/${task}`, { from: 'queue_vectors', rows }, [count, score.width]);
  const empty = context.input(`queue/${task}/empty`, { from: 'queue_empty', rows }, [count]);
  builder.output(`queue:${task}`, score.item);
  const logits = builder.matMul(builder.mul(score.query, sharpness), vectors, { transposeB: true });
  const offset = builder.mul(empty, -hidden);
  const logQ = correction === 'none' ? undefined : logQOf(context, correction, rows, count);
  const corrected = builder.sub(logits, logQ === undefined ? offset : builder.add(offset, logQ));
  const isFilled = builder.sub(builder.broadcastTo(builder.constant(1), logits), empty);
  return {
    logits: replaceHits(context, corrected, rows, hidden, hits),
    visible: () => replaceHits(context, isFilled, rows, 0, hits),
  };
}

/** Acts as −∞ before a softmax, but is finite, so that 0 · hidden is not NaN. */
export const hidden = -1e9;

const events: RowsOf = { kind: 'events' };
const everything: RowsOf = { kind: 'corpus' };

export interface ScoreColumns {
  /** float32 [batch, columns]: score × sharpness − log q, or `hidden` if the column is a hit. */
  readonly logits: Ref;
  /** Returns float32 [batch, columns]: 1, or 0 if the column is a hit. */
  visible(): Ref;
}

export interface AllColumns {
  /** The columns of the batch, followed by the drawn ones. */
  readonly parts: readonly ScoreColumns[];
  /** The logit of the row's own pair, with the same sharpness and correction: float32 [batch]. */
  readonly own: Ref;
  /** True if no part has a column for the row's own item, so that `own` counts as one more column. */
  readonly ownApart: boolean;
}

export interface ColumnOptions {
  readonly sharpness: number;
  readonly correction: 'none' | 'frequency' | 'streaming';
  /** Absent: no column is hidden. */
  readonly hits?: FurtherHits | undefined;
  readonly drawn?: SharedRows | undefined;
  /** Subtracted from the row's own score before it is multiplied. */
  readonly margin?: number | undefined;
  /** Selects the columns: every item of the corpus, or only the row's own. Absent: the items of the batch. */
  readonly columns?: 'corpus' | 'own';
}

/** Lowers the columns in this order: multiplies by the sharpness, subtracts log q of the column's item, hides hits. */
export function lowerColumns(context: LossContext, score: VectorScore, options: ColumnOptions): AllColumns {
  const { builder } = context;
  const { sharpness, correction, hits, drawn, margin = 0 } = options;
  const { query, own } = sharpenedRow(builder, score, sharpness, margin);
  // The row's own column in the matrix lacks the margin, so it is hidden there and added separately.
  const ownHits = margin === 0 ? hits : { ...hits, own: true as const };
  // If all columns, the own one included, come from one draw, log q is that of the draw up to a constant that cancels.
  const mixed = options.columns === 'own' ? undefined : drawn;
  const power = options.columns === 'own' ? drawn?.power : undefined;
  const powered = (of: Ref): Ref => (power === undefined ? of : builder.mul(of, power));
  const logQ = (rows: RowsOf, like: Ref): Ref | undefined =>
    correction === 'none' ? undefined : powered(logQOf(context, correction, rows, like.type.shape[0]!, mixed));
  const columnsOf = (rows: RowsOf, items: Ref): ScoreColumns => {
    const hits = rows.kind === 'shared' ? options.hits : ownHits;
    const logits = columnScores(builder, query, items);
    const q = logQ(rows, items);
    const corrected = q === undefined ? logits : builder.sub(logits, q);
    return {
      logits: hits === undefined ? corrected : replaceHits(context, corrected, rows, hidden, hits),
      visible() {
        const ones = builder.broadcastTo(builder.constant(1), logits);
        return hits === undefined ? ones : replaceHits(context, ones, rows, 0, hits);
      },
    };
  };
  const ownQ = logQ(events, own);
  const columnParts = drawn === undefined ? [] : [columnsOf(drawn, context.scoreOf(drawn).item)];
  if (options.columns === undefined) columnParts.unshift(columnsOf(events, score.item));
  if (options.columns === 'corpus') columnParts.unshift(columnsOf(everything, context.scoreOf(everything).item));
  return {
    parts: columnParts,
    ownApart: options.columns === 'own' || margin !== 0,
    own: ownQ === undefined ? own : builder.sub(own, ownQ),
  };
}

/** Returns log Σ exp(logit) over all columns of each row: float32 [batch]. */
export function logSum({ builder }: LossContext, { parts, own, ownApart }: AllColumns): Ref {
  const batch = own.type.shape[0]!;
  const maxima = parts.map(({ logits }) => builder.max(logits, [1]));
  const largest = [...(ownApart ? [own] : []), ...maxima].reduce((a, b) => builder.maximum(a, b));
  const maximum = builder.stopGradient(largest);
  const column = builder.reshape(maximum, [batch, 1]);
  const sums = parts.map(({ logits }) => builder.sum(builder.exp(builder.sub(logits, column)), [1]));
  const sum = [...(ownApart ? [builder.exp(builder.sub(own, maximum))] : []), ...sums].reduce((a, b) =>
    builder.add(a, b),
  );
  return builder.add(builder.log(sum), maximum);
}

/** Returns the mean of the logits over the columns of each row that are no hits: float32 [batch]. */
function meanVisible({ builder }: LossContext, { parts, own, ownApart }: AllColumns): Ref {
  const visible = parts.map((part) => part.visible());
  const visibleSum = parts
    .map(({ logits }, index) => builder.sum(builder.mul(visible[index]!, logits), [1]))
    .reduce((a, b) => builder.add(a, b));
  const visibleCount = visible.map((each) => builder.sum(each, [1])).reduce((a, b) => builder.add(a, b));
  if (ownApart) return builder.div(builder.add(visibleSum, own), builder.add(visibleCount, 1));
  return builder.div(visibleSum, visibleCount);
}

/** Returns the weighted mean over rows of log Σⱼ e^sⱼ − (1 − ε) · s own − ε · mean of sⱼ over visible j, where ε is the smoothing. */
export function smoothedSoftmax(context: LossContext, columns: AllColumns, smoothing: number): Ref {
  const { builder, weight } = context;
  const { own } = columns;
  const target =
    smoothing === 0
      ? own
      : builder.add(builder.mul(own, 1 - smoothing), builder.mul(meanVisible(context, columns), smoothing));
  return weightedMean(builder, builder.sub(logSum(context, columns), target), weight);
}

/** Columns with which every row is compared: the distinct or repeated items of the batch, or all items. */
export interface BatchColumns {
  readonly rows: RowsOf;
  /** float32 [columns, width] */
  readonly items: Ref;
  /** The column of each row's own item, int32 [batch]. Absent: the row's number. */
  readonly own?: Ref;
  /** Selects the entry of each row's own item: [columns, …] → [batch, …]. */
  ownOf(columns: Ref): Ref;
  /** The inverse of `ownOf`: sums the rows' values by column: [batch, width] → [columns, width]. */
  toColumns(rows: Ref): Ref;
  /** Number of rows of the batch that each column represents, float32 [columns]. Absent if it is always one. */
  readonly counts?: Ref;
  /** Replaces each row's entry for its own item by a value of that row, float32 [batch]: [batch, columns] → the same. */
  replaceOwn(matrix: Ref, values: Ref): Ref;
}

/** Makes one column for each row of the batch. */
export function rowColumns(items: Ref): BatchColumns {
  return {
    rows: { kind: 'events' },
    items,
    ownOf: (columns) => columns,
    toColumns: (rows) => rows,
    replaceOwn: (matrix) => matrix,
  };
}

/** Makes one column for each item of the corpus, which includes each row's own item. */
export function corpusColumns(context: LossContext, batch: Ref): BatchColumns & { readonly score: VectorScore } {
  const { builder, key } = context;
  const corpusRows: RowsOf = { kind: 'corpus' };
  const score = context.scoreOf(corpusRows);
  const column = context.input(`corpus/places/${key}`, { from: 'corpus_places', key }, [batch.type.shape[0]!], 'int32');
  return {
    rows: corpusRows,
    score,
    items: score.item,
    own: column,
    ownOf: (values) => builder.gather(values, column),
    toColumns: (values) => builder.segmentSum(values, column, score.item.type.shape[0]!),
    replaceOwn: (matrix) => matrix,
  };
}

/** Returns the weight of each row, float32 [batch]: 0 if the corpus lacks the row's item, because it then has no own column. */
export function withinCorpus({ builder, input, key, weight }: LossContext, batch: Ref): Ref {
  const isInCorpus = input(`corpus/has/${key}`, { from: 'in_corpus', key }, [batch.type.shape[0]!]);
  return weight === undefined ? isInCorpus : builder.mul(weight, isInCorpus);
}

/** Makes one column for each distinct item of the batch: an item of several rows goes through its tower only once. */
export function distinctColumns(context: LossContext, batch: Ref): BatchColumns & { readonly score: VectorScore } {
  const { builder, key } = context;
  const distinctRows: RowsOf = { kind: 'distinct' };
  const score = context.scoreOf(distinctRows);
  const [size] = batch.type.shape;
  const [columns] = score.item.type.shape;
  const keyPlaces = context.input(`places/${key}`, { from: 'places', key }, [size!, 2], 'int32');
  const column = builder.reshape(builder.slice(keyPlaces, [0, 1], [-1, 1]), [size!]);
  return {
    rows: distinctRows,
    score,
    items: score.item,
    own: column,
    ownOf: (values) => builder.gather(values, column),
    toColumns: (values) => builder.segmentSum(values, column, columns!),
    counts: context.input(`counts/${key}`, { from: 'counts', key }, [columns!]),
    replaceOwn: (matrix, values) => builder.scatterUpdate(matrix, keyPlaces, values),
  };
}
