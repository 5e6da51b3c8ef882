/** Rows against many columns: the batch's items or all, items drawn for all rows together, or both. */
import type { Ref } from '../../../graph/builder.ts';
import type { RowsOf, SharedRows } from '../../../graph/plan/plan.ts';
import type { LossContext, VectorScore } from '../contract.ts';
import { type FurtherHits, replaceHits } from './hits.ts';
import { logQOf } from './log_q.ts';
import { sharpenedRow, weightedMean } from './mean.ts';

/** As good as −∞ before a softmax, and finite, so that 0 · masked is not NaN. */
export const hidden = -1e9;

const events: RowsOf = { kind: 'events' };
const everything: RowsOf = { kind: 'corpus' };

export interface ScoreColumns {
  /** float32 [batch, columns]: score × sharpness − log q, `hidden` where the column is a hit. */
  readonly logits: Ref;
  /** float32 [batch, columns] of 1, and 0 where the column is a hit. */
  visible(): Ref;
}

export interface AllColumns {
  /** The batch's columns, then those that were drawn. */
  readonly parts: readonly ScoreColumns[];
  /** The row's own pair, treated alike: float32 [batch]. */
  readonly own: Ref;
  /** No part has a column of the row's own item: `own` is one more column. */
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
  /** Every item of the corpus in place of the batch's, or the row's own alone. Absent: the batch's. */
  readonly columns?: 'corpus' | 'own';
}

/** In this order: × sharpness, − log q of the column's item, hits hidden. */
export function lowerColumns(context: LossContext, score: VectorScore, options: ColumnOptions): AllColumns {
  const { builder } = context;
  const { sharpness, correction, hits, drawn, margin = 0 } = options;
  const { query, own } = sharpenedRow(builder, score, sharpness, margin);
  // The own column has no margin among the others, so that it is hidden there, and counted apart.
  const ownHits = margin === 0 ? hits : { ...hits, own: true as const };
  // Of columns that are all drawn alike, the own among them, log q is that of the draw up to what cancels.
  const mixed = options.columns === 'own' ? undefined : drawn;
  const power = options.columns === 'own' ? drawn?.power : undefined;
  const powered = (of: Ref): Ref => (power === undefined ? of : builder.mul(of, power));
  const logQ = (rows: RowsOf, like: Ref): Ref | undefined =>
    correction === 'none' ? undefined : powered(logQOf(context, correction, rows, like.type.shape[0]!, mixed));
  const columnsOf = (rows: RowsOf, items: Ref): ScoreColumns => {
    const hits = rows.kind === 'shared' ? options.hits : ownHits;
    const logits = builder.matMul(query, items, { transposeB: true });
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
  const parts = drawn === undefined ? [] : [columnsOf(drawn, context.scoreOf(drawn).item)];
  if (options.columns === undefined) parts.unshift(columnsOf(events, score.item));
  if (options.columns === 'corpus') parts.unshift(columnsOf(everything, context.scoreOf(everything).item));
  return {
    parts,
    ownApart: options.columns === 'own' || margin !== 0,
    own: ownQ === undefined ? own : builder.sub(own, ownQ),
  };
}

/** log Σ exp(logit) over all columns of each row: float32 [batch]. */
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

/** Mean of the logits over the columns of each row that are no hits: float32 [batch]. */
function meanVisible({ builder }: LossContext, { parts, own, ownApart }: AllColumns): Ref {
  const visible = parts.map((part) => part.visible());
  const total = parts
    .map(({ logits }, at) => builder.sum(builder.mul(visible[at]!, logits), [1]))
    .reduce((a, b) => builder.add(a, b));
  const count = visible.map((each) => builder.sum(each, [1])).reduce((a, b) => builder.add(a, b));
  if (ownApart) return builder.div(builder.add(total, own), builder.add(count, 1));
  return builder.div(total, count);
}

/** The weighted mean over rows of log Σⱼ e^sⱼ − (1 − ε) · s own − ε · mean over visible j of sⱼ, ε the smoothing. */
export function smoothedSoftmax(context: LossContext, columns: AllColumns, smoothing: number): Ref {
  const { builder, weight } = context;
  const { own } = columns;
  const target =
    smoothing === 0
      ? own
      : builder.add(builder.mul(own, 1 - smoothing), builder.mul(meanVisible(context, columns), smoothing));
  return weightedMean(builder, builder.sub(logSum(context, columns), target), weight);
}
