/** Standardizes by the batch's mean and variance in training, and by running ones in a served tower: for batch_norm, dice and `mlp(norm: batch)`. */
import type { Builder, Ref } from '../../graph/builder.ts';
import type { BlockContext } from './contract.ts';
import { number } from './parameters.ts';

export const decay = number({
  min: 0,
  below: 1,
  doc: 'Share of the running mean and variance that a step keeps; the rest comes from its batch.',
  default: 0.9,
});

export interface StatisticsOptions {
  readonly decay: number;
  /** Added to the variance. */
  readonly epsilon: number;
  /** Prefix of the parameters `<name>_mean<suffix>` and `<name>_variance<suffix>` with the running statistics, each as wide as a row. */
  readonly name: string;
  readonly suffix: string;
  /** float32 [rows] of 1 and 0: rows that count. Absent: all count. */
  readonly mask?: Ref | undefined;
}

/** Normalizes each column of float32 [rows, width] to mean 0 and variance 1 over the counted rows. */
export function standardize(context: BlockContext, x: Ref, options: StatisticsOptions): Ref {
  const { builder, training, setAfterStep: keep } = context;
  const { decay, epsilon, name, suffix, mask } = options;
  const width = x.type.shape[1] as number;
  const runningStatistic = (statistic: string, kind: 'zeros' | 'ones'): Ref =>
    builder.parameter(`${name}_${statistic}${suffix}`, [width], { kind }, { trainable: false });
  const runningMean = runningStatistic('mean', 'zeros');
  const runningVariance = runningStatistic('variance', 'ones');
  const scale = (mean: Ref, variance: Ref): Ref =>
    builder.mul(builder.sub(x, mean), builder.rsqrt(builder.add(variance, epsilon)));
  if (!training) return scale(runningMean, runningVariance);
  const maskColumn = mask && builder.reshape(mask, [x.type.shape[0]!, 1]);
  const count = maskColumn && builder.maximum(builder.sum(maskColumn, [0, 1]), 1);
  const average = (numbers: Ref): Ref =>
    maskColumn && count
      ? builder.div(builder.sum(builder.mul(numbers, maskColumn), [0]), count)
      : builder.mean(numbers, [0]);
  const mean = average(x);
  const variance = average(builder.square(builder.sub(x, mean)));
  const movingAverage = (batchValue: Ref) => (current: Ref) =>
    builder.add(builder.mul(current, decay), builder.mul(builder.stopGradient(batchValue), 1 - decay));
  keep(runningMean, movingAverage(mean));
  keep(runningVariance, movingAverage(builder.mul(variance, biasCorrection(builder, count ?? countRows(builder, x)))));
  return scale(mean, variance);
}

/** Returns n ÷ (n − 1), a scalar, because the running variance estimates that of all rows, and not of this batch. */
const biasCorrection = (builder: Builder, count: Ref): Ref =>
  builder.div(count, builder.maximum(builder.sub(count, 1), 1));

function countRows(builder: Builder, x: Ref): Ref {
  const column = builder.slice(x, [0, 0], [-1, 1]);
  return builder.sum(builder.broadcastTo(builder.constant(1), column), [0, 1]);
}
