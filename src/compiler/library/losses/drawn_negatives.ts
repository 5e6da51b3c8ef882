/** Binary cross-entropy of a row's own item against items that are drawn: what `bce` and `gbce` share. */
import type { Ref } from '../../../graph/builder.ts';
import type { LossContext, VectorScore } from '../contract.ts';
import { rowScore, weightedMean } from './mean.ts';
import { drawOf, type Negatives, type Sampled } from './negatives.ts';
import { lowerPairs } from './pairwise.ts';

export interface DrawnOptions {
  readonly negatives: Negatives;
  readonly mask: string | undefined;
  readonly scale: number;
  readonly smoothing?: number;
  /** β of the positive, a scalar: its probability to that power. Absent: 1. */
  readonly exponent?: Ref;
}

/**
 * The mean over the row's own item, with label 1, and its negatives, with label 0; a negative that is masked or is the own item has no
 * part. A scalar: the weighted mean of the rows.
 */
export function drawnEntropy(context: LossContext, score: VectorScore, options: DrawnOptions): Ref {
  const { builder, weight } = context;
  const { negatives, mask, scale, smoothing = 0, exponent } = options;
  const scaled = (x: Ref): Ref => (scale === 1 ? x : builder.mul(x, scale));
  const entropy = (x: Ref, target: number): Ref =>
    target === 0 ? builder.softplus(x) : builder.sub(builder.softplus(x), builder.mul(x, target));
  const ownLogit = scaled(rowScore(builder, score.query, score.item));
  const [pairs] = lowerPairs(context, score, {
    in_batch: false,
    negatives,
    mask,
    hardest: undefined,
    gap: undefined,
  });
  const { difference, visible } = pairs!;
  const otherLogits = builder.add(scaled(difference), builder.reshape(ownLogit, [ownLogit.type.shape[0]!, 1]));
  // softplus(−x) and not softplus(x) − x: the same, and exact where x is large.
  const ownEntropy = smoothing === 0 ? builder.softplus(builder.neg(ownLogit)) : entropy(ownLogit, 1 - smoothing / 2);
  const positive = exponent === undefined ? ownEntropy : builder.mul(ownEntropy, exponent);
  const negative = builder.sum(builder.mul(entropy(otherLogits, smoothing / 2), visible), [1]);
  const count = builder.add(builder.sum(visible, [1]), 1);
  return weightedMean(builder, builder.div(builder.add(positive, negative), count), weight);
}

/** How many items a draw chooses from, a scalar. Throws ShapeError for a power of anything but a frequency. */
export function drawPool({ input, key }: LossContext, { arguments: args }: Sampled): Ref {
  const { by } = drawOf(args);
  return input(`draw_pool/${by}/${key}`, { from: 'draw_pool', key, by }, []);
}
