/** Lowers losses of a positive against each of its negatives: `bpr` and `hinge` use differences, `bce` and `gbce` the cross-entropy of each. */
import type { Ref } from '../../../graph/builder.ts';
import type { RowsOf } from '../../../graph/plan/plan.ts';
import { type Arguments, type LossContext, ShapeError, type VectorScore } from '../contract.ts';
import { type HardestArguments, hardestArguments, hardestOf, refuseLoneGap } from './hardest.ts';
import { hitsToMask, mask, replaceHits } from './hits.ts';
import { hidden } from './loss_columns.ts';
import { drawOf, type Negatives, negativeArguments, ownRowsOf, type Sampled, sharedRowsOf } from './negatives.ts';
import { columnScores, ownColumnScores, rowScore, weightedMean } from './weighted_mean.ts';

const events: RowsOf = { kind: 'events' };
const corpus: RowsOf = { kind: 'corpus' };

export const pairwiseArguments = { ...negativeArguments, mask, ...hardestArguments };

/** A row's own item against one kind of negatives: those of the batch, or drawn, listed or mined ones. */
export interface Pairs {
  /** Score of a negative minus that of the row's own item: float32 [batch, negatives]. */
  readonly difference: Ref;
  /** float32 [batch, negatives]: 1 for a negative, 0 for the row's own item or a masked one. */
  readonly visible: Ref;
}

export type PairArguments = Pick<Arguments<typeof pairwiseArguments>, keyof typeof pairwiseArguments> & {
  readonly all?: boolean;
};

/** The negatives of each row of one kind. */
export interface NegativeScores {
  readonly rows: RowsOf;
  /** Returns the score of each row with each of them, times a factor: float32 [batch, negatives]. */
  scores(factor?: number): Ref;
  /** Replaces the entries of what is no negative of its row. */
  hide(matrix: Ref, value: number): Ref;
}

/** Returns the negatives of each row by kind; with the batch's items, all rows share the drawn ones. Throws ShapeError for a mask without item keys. */
export function negativesOf(context: LossContext, score: VectorScore, args: PairArguments): readonly NegativeScores[] {
  const { builder } = context;
  const { negatives, in_batch: inBatch, all } = args;
  if (all && (inBatch || negatives)) throw new ShapeError('takes `all`, or `in_batch` and `negatives`, not both');
  const hits = hitsToMask(context, { mask: args.mask }) ?? {};
  const ofRows = (rows: RowsOf, { item } = context.scoreOf(rows)): NegativeScores => ({
    rows,
    scores(factor = 1) {
      const query = factor === 1 ? score.query : builder.mul(score.query, factor);
      return 'perRow' in rows ? ownColumnScores(builder, query, item, rows.perRow) : columnScores(builder, query, item);
    },
    hide: (matrix, value) =>
      replaceHits(context, matrix, rows, value, rows === events || rows === corpus ? { ...hits, own: true } : hits),
  });
  const drawn = negatives && (sharedRowsOf(negatives, inBatch) ?? ownRowsOf(context, negatives));
  return [
    ...(all ? [ofRows(corpus)] : []),
    ...(!all && (!negatives || inBatch) ? [ofRows(events, score)] : []),
    ...(drawn ? [ofRows(drawn)] : []),
  ];
}

/** Returns 1 for each negative that counts, else 0, for each kind. Throws ShapeError for `gap` alone. */
export function visibleOf(
  context: LossContext,
  negatives: readonly NegativeScores[],
  { scores, own }: { readonly scores: readonly Ref[]; readonly own: Ref },
  args: HardestArguments,
): readonly Ref[] {
  const { builder } = context;
  refuseLoneGap(args);
  const visible = negatives.map(({ hide }, index) => hide(builder.broadcastTo(builder.constant(1), scores[index]!), 0));
  if (args.hardest === undefined) return visible;
  const parts = scores.map((logits, index) => ({
    logits: builder.select(builder.greater(visible[index]!, 0), logits, hidden),
    visible: () => visible[index]!,
  }));
  return hardestOf(context, { parts, own, ownApart: true }, args, 1).parts.map((part) => part.visible());
}

/** Lowers the pairs of each row. Throws ShapeError like `negativesOf` and `visibleOf`. */
export function lowerPairs(context: LossContext, score: VectorScore, args: PairArguments): readonly Pairs[] {
  const { builder } = context;
  const own = rowScore(builder, score.query, score.item);
  const negatives = negativesOf(context, score, args);
  const scores = negatives.map((each) => each.scores());
  const visible = visibleOf(context, negatives, { scores, own }, args);
  const column = builder.reshape(own, [own.type.shape[0]!, 1]);
  return scores.map((others, index) => ({ difference: builder.sub(others, column), visible: visible[index]! }));
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
