/** Groups questions by the users that intervals are drawn over, whose events are not independent of each other. */
import type { ScoringTask } from '../scoring/scorer.ts';
import { type BootstrapOptions, bootstrapSums, type Interval, sumsOf, usualBootstrap } from './bootstrap.ts';
import { type Measure, valuesOf } from './figures.ts';
import { questionsOf } from './questions.ts';
import type { Ranks } from './ranks.ts';

/** Groups made by chance, where there are no users: events are then taken to be independent. */
const chanceGroups = 2000;

/** Returns one group a question: its user, or the event where there are no users. */
export function groupsOf(task: ScoringTask): { group: Int32Array; groups: number; unit: string } {
  const { events, users } = task;
  const user = questionsOf(task).asks.map((row) => events.user[row]!);
  const rows = user.length;
  if (users.rows === 0) {
    const groups = Math.min(rows, chanceGroups);
    const group = Int32Array.from({ length: rows }, (_, row) => row % groups);
    return {
      group,
      groups,
      unit: rows === groups ? 'events' : `groups of events (${groups}, because there are no users)`,
    };
  }
  const groupOfUser = new Map<number, number>();
  const group = user.map((of, row) => {
    // A query without a key is a group of its own.
    const key = of < 0 ? -1 - row : of;
    if (!groupOfUser.has(key)) groupOfUser.set(key, groupOfUser.size);
    return groupOfUser.get(key)!;
  });
  return { group, groups: groupOfUser.size, unit: `users (${groupOfUser.size.toLocaleString('en')})` };
}

export function intervalSentence(unit: string, options: BootstrapOptions = {}): string {
  const { draws, seed, level } = { ...usualBootstrap, ...options };
  return `Intervals hold ${100 * level} % of ${draws.toLocaleString('en')} bootstrap draws of ${unit}, seed ${seed}; differences use the same draws.`;
}

/** Intervals by label of a metric; a metric of all rankings together has none. */
export type IntervalsOf = Readonly<Record<string, Interval>>;

interface RowIntervals {
  readonly intervals: IntervalsOf;
  /** The model less this row; absent for the model. */
  readonly lead?: IntervalsOf;
}

/** More groups are drawn together: the draws stay quick, and the intervals stay those of users. */
const mostGroups = 20_000;

/** Collects rows, the model first; their values are kept as sums by group. */
export function makeLeads(task: ScoringTask, measures: readonly Measure[]) {
  const perRanking = measures.filter(({ lists }) => lists === undefined);
  const { group: own, groups: all, unit } = groupsOf(task);
  const groups = Math.min(all, mostGroups);
  const groupOfRow = groups === all ? own : own.map((each) => each % groups);
  const groupSizes = new Float64Array(groups);
  for (const of of groupOfRow) groupSizes[of]!++;
  // By measure, then by row.
  const sumsByMeasure: Float64Array[][] = perRanking.map(() => []);
  return {
    add(ranks: Ranks): void {
      perRanking.forEach(
        (measure, at) => void sumsByMeasure[at]!.push(sumsOf(valuesOf(task, ranks, measure), groupOfRow, groups)),
      );
    },
    /** One entry a row, in the order added. */
    rows(): readonly RowIntervals[] {
      const intervalsByMeasure = sumsByMeasure.map((series) => bootstrapSums({ sums: series, sizes: groupSizes }));
      const byLabel = (of: (at: number) => Interval): IntervalsOf =>
        Object.fromEntries(perRanking.map(({ label }, at) => [label, of(at)]));
      return (sumsByMeasure[0] ?? []).map((_, row) => ({
        intervals: byLabel((at) => intervalsByMeasure[at]!.means[row]!),
        ...(row === 0 ? {} : { lead: byLabel((at) => negative(intervalsByMeasure[at]!.differences[row]!)) }),
      }));
    },
    sentence: intervalSentence(groups === all ? unit : `${groups.toLocaleString('en')} groups of ${unit}`),
  };
}

// No zero is negative.
const negative = ({ mean, low, high }: Interval): Interval => ({ mean: 0 - mean, low: 0 - high, high: 0 - low });
