/** Whom intervals are drawn over: users, whose events are not independent of each other. */
import type { ScoringTask } from '../scoring/scorer.ts';
import { type BootstrapOptions, bootstrapSums, type Interval, sumsOf, usualBootstrap } from './bootstrap.ts';
import { type Measure, valuesOf } from './figures.ts';
import { questionsOf } from './questions.ts';
import type { Ranks } from './ranks.ts';

/** Groups made by chance, where there are no users: events are then taken to be independent. */
const chanceGroups = 2000;

/** Whom the bootstrap draws, one entry a question: users, or events where there are no users. */
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
  const place = new Map<number, number>();
  const group = user.map((of, row) => {
    // A query without a key is a group of its own.
    const key = of < 0 ? -1 - row : of;
    if (!place.has(key)) place.set(key, place.size);
    return place.get(key)!;
  });
  return { group, groups: place.size, unit: `users (${place.size.toLocaleString('en')})` };
}

/** What intervals are, of draws of `unit`. */
export function intervalSentence(unit: string, options: BootstrapOptions = {}): string {
  const { draws, seed, level } = { ...usualBootstrap, ...options };
  return `Intervals hold ${100 * level} % of ${draws.toLocaleString('en')} bootstrap draws of ${unit}, seed ${seed}; differences use the same draws.`;
}

// Intervals of an evaluation: of each figure, and of how far the model leads each baseline on the same draws.

/** By label of a metric; a metric of all rankings together has none. */
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
