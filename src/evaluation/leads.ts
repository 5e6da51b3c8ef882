/** Intervals of an evaluation: of each figure, and of how far the model leads each baseline on the same draws. */
import type { ScoringTask } from '../scoring/scorer.ts';
import { bootstrapSums, type Interval, sumsOf } from './bootstrap.ts';
import { type Measure, valuesOf } from './figures.ts';
import { groupsOf, intervalSentence } from './groups.ts';
import type { Ranks } from './ranks.ts';

/** By label of a metric; a metric of all rankings together has none. */
export type IntervalsOf = Readonly<Record<string, Interval>>;

export interface RowIntervals {
  readonly intervals: IntervalsOf;
  /** The model less this row; absent for the model. */
  readonly lead?: IntervalsOf;
}

/** More groups are drawn together: the draws stay quick, and the intervals stay those of users. */
const mostGroups = 20_000;

/** Collects rows, the model first; their values are kept as sums by group. */
export function makeLeads(task: ScoringTask, measures: readonly Measure[]) {
  const measured = measures.filter(({ lists }) => lists === undefined);
  const { group: own, groups: all, unit } = groupsOf(task);
  const groups = Math.min(all, mostGroups);
  const group = groups === all ? own : own.map((each) => each % groups);
  const sizes = new Float64Array(groups);
  for (const of of group) sizes[of]!++;
  // By measure, then by row.
  const sums: Float64Array[][] = measured.map(() => []);
  return {
    add(ranks: Ranks): void {
      measured.forEach((measure, at) => void sums[at]!.push(sumsOf(valuesOf(task, ranks, measure), group, groups)));
    },
    /** One entry a row, in the order added. */
    rows(): readonly RowIntervals[] {
      const found = sums.map((series) => bootstrapSums({ sums: series, sizes }));
      const pick = (of: (at: number) => Interval): IntervalsOf =>
        Object.fromEntries(measured.map(({ label }, at) => [label, of(at)]));
      return (sums[0] ?? []).map((_, row) => ({
        intervals: pick((at) => found[at]!.means[row]!),
        ...(row === 0 ? {} : { lead: pick((at) => negative(found[at]!.differences[row]!)) }),
      }));
    },
    sentence: intervalSentence(groups === all ? unit : `${groups.toLocaleString('en')} groups of ${unit}`),
  };
}

// No zero is negative.
const negative = ({ mean, low, high }: Interval): Interval => ({ mean: 0 - mean, low: 0 - high, high: 0 - low });
