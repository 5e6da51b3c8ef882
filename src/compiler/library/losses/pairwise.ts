/** Lowers losses of a positive against each of its negatives: `bpr` and `hinge` use differences, `bce` and `gbce` the cross-entropy of each. */
import type { Ref } from '../../../graph/builder.ts';
import type { RowsOf } from '../../../graph/plan/plan.ts';
import { type Arguments, type LossContext, ShapeError, type VectorScore } from '../contract.ts';
import { hardestArguments, hardestOf, refuseLoneGap } from './hardest.ts';
import { hitsToMask, mask, replaceHits } from './hits.ts';
import { hidden, type ScoreColumns } from './loss_columns.ts';
import { drawOf, type Negatives, negativeArguments, ownRowsOf, type Sampled, sharedRowsOf } from './negatives.ts';
import { columnScores, ownColumnScores, rowScore, weightedMean } from './weighted_mean.ts';

const events: RowsOf = { kind: 'events' };

export const pairwiseArguments = { ...negativeArguments, mask, ...hardestArguments };

/** A row's own item against one kind of negatives: those of the batch, or drawn, listed or mined ones. */
export interface Pairs {
  /** Score of a negative minus that of the row's own item: float32 [batch, negatives]. */
  readonly difference: Ref;
  /** float32 [batch, negatives]: 1 for a negative, 0 for the row's own item or a masked one. */
  readonly visible: Ref;
}

/** Lowers the pairs of each row; with the batch's items, all rows share the drawn ones. Throws ShapeError for a mask without item keys, and for `gap` alone. */
export function lowerPairs(
  context: LossContext,
  score: VectorScore,
  args: Pick<Arguments<typeof pairwiseArguments>, keyof typeof pairwiseArguments>,
): readonly Pairs[] {
  const { builder } = context;
  const { query, item } = score;
  const { negatives, in_batch: inBatch } = args;
  const ownScore = rowScore(builder, query, item);
  const hits = hitsToMask(context, { mask: args.mask }) ?? {};
  const kinds: { readonly rows: RowsOf; readonly others: Ref }[] = [];
  if (negatives === undefined || inBatch) kinds.push({ rows: events, others: columnScores(builder, query, item) });
  const shared = negatives && sharedRowsOf(negatives, inBatch);
  if (shared) kinds.push({ rows: shared, others: columnScores(builder, query, context.scoreOf(shared).item) });
  else if (negatives) {
    const rows = ownRowsOf(context, negatives)!;
    kinds.push({ rows, others: ownColumnScores(builder, query, context.scoreOf(rows).item, rows.perRow) });
  }
  const pairParts = kinds.map(({ rows, others }) => {
    const ones = builder.broadcastTo(builder.constant(1), others);
    return { others, visible: replaceHits(context, ones, rows, 0, rows === events ? { ...hits, own: true } : hits) };
  });
  refuseLoneGap(args);
  const column = builder.reshape(ownScore, [ownScore.type.shape[0]!, 1]);
  const hardestParts = args.hardest === undefined ? undefined : hardestOfParts();
  return pairParts.map(({ others, visible }, index) => ({
    difference: builder.sub(others, column),
    visible: hardestParts ? hardestParts[index]!.visible() : visible,
  }));

  function hardestOfParts(): readonly ScoreColumns[] {
    const allColumns = pairParts.map(({ others, visible }) => ({
      logits: builder.select(builder.greater(visible, 0), others, hidden),
      visible: () => visible,
    }));
    return hardestOf(context, { parts: allColumns, own: ownScore, ownApart: true }, args, 1).parts;
  }
}

/** Returns the mean over all negatives of each row of a loss of the difference; 0 if it has none. float32 [batch] */
export function meanOfNegatives(
  { builder }: LossContext,
  parts: readonly Pairs[],
  lossOf: (difference: Ref) => Ref,
): Ref {
  const add = (a: Ref, b: Ref): Ref => builder.add(a, b);
  const visibleCount = parts.map(({ visible }) => builder.sum(visible, [1])).reduce(add);
  const sum = parts
    .map(({ difference, visible }) => builder.sum(builder.mul(lossOf(difference), visible), [1]))
    .reduce(add);
  return builder.div(sum, builder.maximum(visibleCount, 1));
}

/** Options of the binary cross-entropy of a row's own item against drawn items, for `bce` and `gbce`. */
interface DrawnOptions {
  readonly negatives: Negatives;
  readonly mask: string | undefined;
  readonly scale: number;
  readonly smoothing?: number;
  /** The exponent β of the positive's probability, a scalar. Absent: 1. */
  readonly exponent?: Ref;
}

/**
 * Returns the weighted mean over rows, a scalar, of the mean over the row's own item, with label 1, and its negatives, with label 0. Masked negatives, and
 * those equal to the own item, do not count.
 */
export function drawnEntropy(context: LossContext, score: VectorScore, options: DrawnOptions): Ref {
  const { builder, weight } = context;
  const { negatives, mask, scale, smoothing = 0, exponent } = options;
  const scaled = (x: Ref): Ref => (scale === 1 ? x : builder.mul(x, scale));
  const entropy = (x: Ref, target: number): Ref =>
    target === 0 ? builder.softplus(x) : builder.sub(builder.softplus(x), builder.mul(x, target));
  const ownLogit = scaled(rowScore(builder, score.query, score.item));
  const [pairs] = lowerPairs(context, score, { in_batch: false, negatives, mask, hardest: undefined, gap: undefined });
  const { difference, visible } = pairs!;
  const otherLogits = builder.add(scaled(difference), builder.reshape(ownLogit, [ownLogit.type.shape[0]!, 1]));
  // softplus(−x) equals softplus(x) − x, but is exact for large x.
  const ownEntropy = smoothing === 0 ? builder.softplus(builder.neg(ownLogit)) : entropy(ownLogit, 1 - smoothing / 2);
  const positive = exponent === undefined ? ownEntropy : builder.mul(ownEntropy, exponent);
  const negative = builder.sum(builder.mul(entropy(otherLogits, smoothing / 2), visible), [1]);
  const itemCount = builder.add(builder.sum(visible, [1]), 1);
  return weightedMean(builder, builder.div(builder.add(positive, negative), itemCount), weight);
}

/** Returns the number of items that a draw chooses from, a scalar. Throws ShapeError for a power without frequencies, and if the number differs by row. */
export function drawPool({ input, key }: LossContext, { arguments: args }: Sampled): Ref {
  if (args.within !== undefined)
    throw new ShapeError('needs negatives that all rows draw from the same items, without `within`');
  const { by } = drawOf(args);
  return input(`draw_pool/${by}/${key}`, { from: 'draw_pool', key, by }, []);
}
