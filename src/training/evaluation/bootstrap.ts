/**
 * Confidence intervals by the bootstrap (Efron 1979; percentile intervals), drawing whole groups with replacement: events of one
 * user are not independent, so users are drawn. Every series is measured on the same draws, and so are differences: they are paired.
 */
import { makeRandom } from '../../base/random/random.ts';

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapSample {
  /** One value a question for each series; a question is an event, or a user. */
  readonly series: readonly Float64Array[];
  /** Each question's group: 0 … groups − 1. */
  readonly group: Int32Array;
  readonly groups: number;
  /** Index of the series that the others are compared with. Default: the first. */
  readonly reference?: number;
}

export interface BootstrapOptions {
  readonly draws?: number;
  readonly seed?: number;
  /** 0.95: between the 2.5th and the 97.5th percentile of the draws. */
  readonly level?: number;
}

export interface Intervals {
  /** Means over the questions, of each series. */
  readonly means: readonly Interval[];
  /** Each series less the one compared with, on the same draws; exactly 0 for that one. */
  readonly differences: readonly Interval[];
}

export const usualBootstrap = { draws: 1000, seed: 1, level: 0.95 } as const;

export function bootstrap(
  { series, group, groups, reference = 0 }: BootstrapSample,
  options: BootstrapOptions = {},
): Intervals {
  const groupSizes = new Float64Array(groups);
  for (const of of group) groupSizes[of]!++;
  const groupSums = series.map((values) => sumsOf(values, group, groups));
  return bootstrapSums({ sums: groupSums, sizes: groupSizes, reference }, options);
}

export function sumsOf(values: Float64Array, group: Int32Array, groups: number): Float64Array {
  const bySum = new Float64Array(groups);
  for (let row = 0; row < group.length; row++) bySum[group[row]!]! += values[row]!;
  return bySum;
}

export interface GroupSums {
  /** By series, then by group. */
  readonly sums: readonly Float64Array[];
  readonly sizes: Float64Array;
  readonly reference?: number;
}

/** Bootstraps values that are summed by group already. */
export function bootstrapSums({ sums, sizes, reference = 0 }: GroupSums, options: BootstrapOptions = {}): Intervals {
  const { draws, seed, level } = { ...usualBootstrap, ...options };
  const groups = sizes.length;
  const drawnMeans = sums.map(() => new Float64Array(draws));
  const random = makeRandom(seed, groups, draws);
  const totals = new Float64Array(sums.length);
  for (let draw = 0; draw < draws; draw++) {
    totals.fill(0);
    let events = 0;
    for (let i = 0; i < groups; i++) {
      const drawnGroup = random.integer(groups);
      events += sizes[drawnGroup]!;
      for (let s = 0; s < sums.length; s++) totals[s]! += sums[s]![drawnGroup]!;
    }
    for (let s = 0; s < sums.length; s++) drawnMeans[s]![draw] = events === 0 ? 0 : totals[s]! / events;
  }
  const questions = sizes.reduce((a, b) => a + b, 0);
  const means = sums.map((bySum) => bySum.reduce((a, b) => a + b, 0) / Math.max(1, questions));
  return {
    means: drawnMeans.map((values, s) => interval(means[s]!, values, level)),
    differences: drawnMeans.map((values, s) =>
      interval(
        means[s]! - means[reference]!,
        values.map((value, draw) => value - drawnMeans[reference]![draw]!),
        level,
      ),
    ),
  };
}

function interval(mean: number, values: Float64Array, level: number): Interval {
  const sortedValues = values.slice().sort();
  const at = (share: number): number => {
    const exactIndex = share * (sortedValues.length - 1);
    const below = Math.floor(exactIndex);
    const above = Math.min(sortedValues.length - 1, below + 1);
    return sortedValues[below]! + (exactIndex - below) * (sortedValues[above]! - sortedValues[below]!);
  };
  return { mean, low: at((1 - level) / 2), high: at((1 + level) / 2) };
}
