/** The negatives of each row by themselves, its own item apart: for losses that treat the two sides differently. */
import type { Ref } from '../../graph/builder.ts';
import { elementsOf } from '../../graph/dims.ts';
import type { RowsOf, SharedRows } from '../../plan/plan.ts';
import type { Arguments, LossContext, Score } from '../contract.ts';
import { type Columns, hidden, logSum, lowerColumns } from './columns.ts';
import { hitsToMask, type mask, replaceHits } from './hits.ts';
import { type correction, logQOf } from './log_q.ts';
import { drawOf, type negativeArguments, refuseIdleCorrection } from './negatives.ts';

type NegativeArguments = Arguments<typeof negativeArguments> & {
  readonly mask: Arguments<{ mask: typeof mask }>['mask'];
  readonly correction: Arguments<{ correction: typeof correction }>['correction'];
};

/**
 * Score × sharpness − log q of each negative: of the batch's items, of those drawn for the row or for all rows, or of the batch's and those.
 * Throws ShapeError for a correction that would cancel, and for a mask that has no item keys.
 */
export function lowerNegatives(
  context: LossContext,
  score: Score,
  args: NegativeArguments,
  sharpness: number,
): readonly Columns[] {
  const hits = hitsToMask(context, args) ?? {};
  const drawn = args.negatives?.arguments;
  const inBatch = drawn === undefined || args.in_batch;
  if (drawn && !inBatch) refuseIdleCorrection(args.correction, drawn.by);
  if (drawn && !inBatch && !drawn.shared) return [drawnForEach(context, score, args, drawn, sharpness)];
  const shared: SharedRows | undefined = drawn && { kind: 'shared', count: drawn.n, ...drawOf(drawn) };
  return lowerColumns(context, score, {
    sharpness,
    correction: args.correction,
    hits: inBatch ? { ...hits, own: true } : hits,
    drawn: shared,
    ...(inBatch ? {} : { columns: 'own' }),
  }).parts;
}

/** Items drawn for each row alone: float32 [batch, n]. */
function drawnForEach(
  context: LossContext,
  score: Score,
  args: NegativeArguments,
  drawn: NonNullable<NegativeArguments['negatives']>['arguments'],
  sharpness: number,
): Columns {
  const { builder } = context;
  const { n, power } = drawn;
  const rows: RowsOf = { kind: 'sampled', perRow: n, ...drawOf(drawn) };
  const batch = score.query.type.shape[0]!;
  const items = builder.reshape(context.scoreOf(rows).item, [batch, n, score.width]);
  const query = builder.mul(score.query, sharpness);
  const logits = builder.sum(builder.mul(builder.reshape(query, [batch, 1, score.width]), items), [2]);
  const hits = hitsToMask(context, args) ?? {};
  const masked = (matrix: Ref, value: number): Ref => replaceHits(context, matrix, rows, value, hits);
  return {
    logits: masked(corrected(), hidden),
    visible: () => masked(builder.broadcastTo(builder.constant(1), logits), 0),
  };

  function corrected(): Ref {
    if (args.correction === 'none') return logits;
    const { shape } = logits.type;
    const logQ = logQOf(context, args.correction, rows, elementsOf(shape));
    return builder.sub(logits, builder.reshape(power === undefined ? logQ : builder.mul(logQ, power), shape));
  }
}

/** log Σ exp over all negatives of each row, 0 where it has none: float32 [batch]. */
export function logSumOfNegatives(context: LossContext, parts: readonly Columns[]): Ref {
  const { builder } = context;
  const batch = parts[0]!.logits.type.shape[0]!;
  const own = builder.reshape(builder.slice(parts[0]!.logits, [0, 0], [-1, 1]), [batch]);
  const sum = logSum(context, { parts, own, ownApart: false });
  return builder.select(builder.greater(sum, hidden / 2), sum, 0);
}
