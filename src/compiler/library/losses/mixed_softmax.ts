import type { Ref } from '../../../graph/builder.ts';
import type { LossContext, Score } from '../contract.ts';
import { type ColumnOptions, logSum, lowerColumns, meanVisible } from './columns.ts';
import { weightedMean } from './mean.ts';

/**
 * Softmax over the batch's columns and those drawn besides them, or over the batch's alone with a smoothed target:
 * lossᵢ = log Σⱼ e^sᵢⱼ − (1 − ε) · sᵢᵢ − ε · mean over visible j of sᵢⱼ.
 */
export function mixedSoftmax(context: LossContext, score: Score, smoothing: number, options: ColumnOptions): Ref {
  const { builder, weight } = context;
  const columns = lowerColumns(context, score, options);
  const target =
    smoothing === 0
      ? columns.own
      : builder.add(builder.mul(columns.own, 1 - smoothing), builder.mul(meanVisible(context, columns), smoothing));
  return weightedMean(builder, builder.sub(logSum(context, columns), target), weight);
}
