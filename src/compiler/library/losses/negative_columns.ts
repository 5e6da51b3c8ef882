/** Lowers the negatives of each row separately from its own item, for losses that treat the two sides differently. */
import type { Ref } from '../../../graph/builder.ts';
import { productOfDims } from '../../../graph/dims.ts';
import type { PerRowItems, RowsOf } from '../../../graph/plan/plan.ts';
import type { Arguments, LossContext, VectorScore } from '../contract.ts';
import { hitsToMask, type mask, replaceHits } from './hits.ts';
import { type correction, logQOf } from './log_q.ts';
import { type AllColumns, hidden, logSum, lowerColumns, type ScoreColumns } from './loss_columns.ts';
import { type negativeArguments, ownRowsOf, refuseIdleCorrection, sharedRowsOf } from './negatives.ts';
import { ownColumnScores, rowScore } from './weighted_mean.ts';

type NegativeArguments = Arguments<typeof negativeArguments> & {
  readonly mask: Arguments<{ mask: typeof mask }>['mask'];
  readonly correction: Arguments<{ correction: typeof correction }>['correction'];
};

/**
 * Returns score × sharpness − log q of each negative: items of the batch, items of each row or shared by all rows, or both. Throws ShapeError for a
 * correction that would cancel, and for a mask that has no item keys.
 */
export function lowerNegatives(
  context: LossContext,
  score: VectorScore,
  args: NegativeArguments,
  sharpness: number,
): readonly ScoreColumns[] {
  return lowerChoice(context, score, args, sharpness).parts;
}

/** Returns what `lowerNegatives` does, and the row's own pair treated in the same way, which is not part of any matrix. */
export function lowerChoice(
  context: LossContext,
  score: VectorScore,
  args: NegativeArguments,
  sharpness: number,
): AllColumns {
  const { builder } = context;
  const { negatives, correction } = args;
  const hits = hitsToMask(context, args) ?? {};
  const inBatch = negatives === undefined || args.in_batch;
  // In combination with the batch's items, the drawn items are shared by all rows.
  const shared = negatives && sharedRowsOf(negatives, args.in_batch);
  const ownRows = negatives && !shared ? ownRowsOf(context, negatives) : undefined;
  if (!inBatch) refuseIdleCorrection(correction, negatives.kind === 'sampled' ? negatives.arguments.by : 'uniform');
  if (ownRows && !inBatch) {
    const ownLogit = rowScore(builder, builder.mul(score.query, sharpness), score.item);
    return {
      parts: [ownColumns(context, score, args, ownRows, sharpness)],
      own: corrected(context, ownLogit, correction, { kind: 'events' }, powerOf(ownRows)),
      ownApart: true,
    };
  }
  const columns = lowerColumns(context, score, {
    sharpness,
    correction,
    hits: inBatch ? { ...hits, own: true } : hits,
    drawn: shared,
    ...(inBatch ? {} : { columns: 'own' }),
  });
  const allParts = ownRows ? [...columns.parts, ownColumns(context, score, args, ownRows, sharpness)] : columns.parts;
  return { ...columns, parts: allParts, ownApart: true };
}

/** Lowers items that each row has for itself: float32 [batch, n]. */
function ownColumns(
  context: LossContext,
  score: VectorScore,
  args: NegativeArguments,
  rows: PerRowItems,
  sharpness: number,
): ScoreColumns {
  const { builder } = context;
  const query = builder.mul(score.query, sharpness);
  const logits = ownColumnScores(builder, query, context.scoreOf(rows).item, rows.perRow);
  const hits = hitsToMask(context, args) ?? {};
  const masked = (matrix: Ref, value: number): Ref => replaceHits(context, matrix, rows, value, hits);
  return {
    logits: masked(corrected(context, logits, args.correction, rows, powerOf(rows)), hidden),
    visible: () => masked(builder.broadcastTo(builder.constant(1), logits), 0),
  };
}

const powerOf = (rows: PerRowItems): number | undefined => (rows.kind === 'sampled' ? rows.power : undefined);

/** Returns logits − power · log q of their items, which are those of `rows` in order. */
export function corrected(
  context: LossContext,
  logits: Ref,
  correction: NegativeArguments['correction'],
  rows: RowsOf,
  power: number | undefined,
): Ref {
  if (correction === 'none') return logits;
  const { builder } = context;
  const { shape } = logits.type;
  const logQ = logQOf(context, correction, rows, productOfDims(shape));
  return builder.sub(logits, builder.reshape(power === undefined ? logQ : builder.mul(logQ, power), shape));
}

/** Returns log Σ exp over all negatives of each row, 0 if it has none: float32 [batch]. */
export function logSumOfNegatives(context: LossContext, parts: readonly ScoreColumns[]): Ref {
  const { builder } = context;
  const batch = parts[0]!.logits.type.shape[0]!;
  const firstLogits = builder.reshape(builder.slice(parts[0]!.logits, [0, 0], [-1, 1]), [batch]);
  const sum = logSum(context, { parts, own: firstLogits, ownApart: false });
  return builder.select(builder.greater(sum, hidden / 2), sum, 0);
}
