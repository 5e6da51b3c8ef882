/**
 * Computes figures for slices of events, which show whom a model serves worst: by the training events of an event's item, and by the length of the user's history.
 */

import { makeRandom } from '../../base/random/random.ts';
import { countValues, listRowIndexes, withDefaults } from '../../base/util/objects.ts';
import type { Context, ScoringTask } from '../scoring/scorer.ts';
import { type Figures, forEachQuestion, isMean, type Measure, makeSums, metricValues } from './figures.ts';
import { questionsOf } from './ranking_questions.ts';
import type { Ranks } from './ranks.ts';

export interface FigureSlice {
  /** `10–29`. */
  readonly name: string;
  readonly events: number;
  /**
   * By label: the mean over the events of the slice; or over its users, as if a user held out only items of the slice. A cold item is a miss, unless the model
   * ranks cold items.
   */
  readonly figures: Figures['all'];
}

export interface Slices {
  /** By the number of training events of the event's item. */
  readonly popularity: readonly FigureSlice[];
  /** By the length of the history that is read with the query; if none is read, by the number of the user's training events. */
  readonly history: readonly FigureSlice[];
  readonly historyIs: 'read' | 'training';
  /** By the value of one feature of the query, if `by` names one: the values with the most events first, the others together. */
  readonly by?: { readonly feature: string; readonly slices: readonly FigureSlice[] };
}

export const coldSlice = 'none (cold)';

/** Lower ends of the buckets; the last has no upper end. */
const popularityFrom = [0, 1, 3, 10, 30, 100, 300, 1000, 10_000];
const historyFrom = [0, 1, 5, 10, 20, 50, 100, 500];

export function slicesOf(task: ScoringTask, ranks: Ranks, measures: readonly Measure[]): Slices {
  const { events, corpus, users, history } = task;
  const { asks } = questionsOf(task);
  const trainingCount = (row: number): number =>
    events.item[row]! < 0 ? 0 : corpus.trainingCounts[events.item[row]!]!;
  const historyLength = (row: number): number => {
    // The items may be on the disk, and are not read for this.
    const { starts, ends } = history ? history.bags : users.seen;
    const bag = history ? (history.index?.[row] ?? row) : events.user[row]!;
    return bag < 0 ? 0 : ends[bag]! - starts[bag]!;
  };
  const slice = (
    name: string,
    rows: ((row: number) => boolean) | undefined,
    isAsked: (question: number) => boolean = () => true,
  ): FigureSlice[] => {
    const sums = makeSums(task, ranks, measures);
    let heldCount = 0;
    forEachQuestion(task, ranks, rows, (question, held) => {
      if (!isAsked(question)) return;
      heldCount += held.count;
      sums.add(question, held);
    });
    return heldCount === 0 ? [] : [{ name, events: heldCount, figures: sums.figures() }];
  };
  const slicesBy = (from: readonly number[], size: (row: number) => number, isOfUser: boolean): FigureSlice[] => {
    const bucketOf = (row: number): number => from.findLastIndex((low) => low <= size(row));
    const sizedRows = isOfUser ? asks : listRowIndexes(events.rows);
    const largestSize = sizedRows.reduce((largest, row) => Math.max(largest, size(row)), 0);
    // By question, or by row.
    const bucketOfEach = sizedRows.map(bucketOf);
    return from.flatMap((_, bucket) => {
      const isInBucket = (index: number): boolean => bucketOfEach[index] === bucket;
      const name = nameOf(from, bucket, largestSize);
      return isOfUser ? slice(name, undefined, isInBucket) : slice(name, isInBucket);
    });
  };
  return {
    popularity: slicesBy(popularityFrom, trainingCount, false).map((slice) =>
      slice.name === '0' ? { ...slice, name: coldSlice } : slice,
    ),
    history: slicesBy(historyFrom, historyLength, true),
    historyIs: history ? 'read' : 'training',
    ...(task.context ? { by: slicesByValue(task.context, asks, slice) } : {}),
  };
}

const maxValues = 20;

function slicesByValue(
  { feature, asked, words }: Context,
  asks: Int32Array,
  slice: (name: string, rows: undefined, isAsked: (question: number) => boolean) => FigureSlice[],
): NonNullable<Slices['by']> {
  const codes = [...countValues(Array.from(asks, (row) => asked[row]!))]
    .sort(([a, countA], [b, countB]) => countB - countA || a - b)
    .map(([code]) => code);
  const ownCodes = codes.slice(0, codes.length > maxValues ? maxValues - 1 : maxValues);
  const codeOf = (question: number): number => asked[asks[question]!]!;
  const slices = ownCodes.flatMap((code) => slice(words(code), undefined, (question) => codeOf(question) === code));
  const otherCodes = new Set(codes.slice(ownCodes.length));
  const otherSlice =
    otherCodes.size === 0
      ? []
      : slice(`${otherCodes.size} others`, undefined, (question) => otherCodes.has(codeOf(question)));
  return { feature, slices: [...slices, ...otherSlice] };
}

/** Names a bucket up to the largest size that occurs: if no history is longer than 50, the name is not `50–99`. */
function nameOf(from: readonly number[], bucket: number, largestSize: number): string {
  const low = from[bucket]!;
  if (bucket === from.length - 1) return `${low.toLocaleString('en')} or more`;
  const high = Math.min(from[bucket + 1]! - 1, largestSize);
  return low === high ? low.toLocaleString('en') : `${low.toLocaleString('en')}–${high.toLocaleString('en')}`;
}

/** Returns the slice with the lowest figure among those with enough events; undefined if there are fewer than two of them. */
export function worstSlice(slices: readonly FigureSlice[], label: string, minEvents = 20): FigureSlice | undefined {
  const largeSlices = slices.filter(({ events }) => events >= minEvents);
  if (largeSlices.length < 2) return undefined;
  return largeSlices.reduce((low, slice) => (slice.figures[label]! < low.figures[label]! ? slice : low));
}

/** Maximum number of groups if there are no users: events are then assumed to be independent. */
const chanceGroups = 2000;

/** Returns the group of each question: its user, because events of one user are not independent, or the event itself if there are no users. */
export function groupsOf(task: ScoringTask): { group: Int32Array; groups: number; unit: string } {
  const { events, users } = task;
  const user = questionsOf(task).asks.map((row) => events.user[row]!);
  const rankingCount = user.length;
  if (users.rows === 0) {
    const groups = Math.min(rankingCount, chanceGroups);
    const group = listRowIndexes(rankingCount).map((row) => row % groups);
    const unit = rankingCount === groups ? 'events' : `groups of events (${groups}, because there are no users)`;
    return { group, groups, unit };
  }
  const groupOfUser = new Map<number, number>();
  const group = user.map((userId, row) => {
    // A query without a key is a group of its own.
    const key = userId < 0 ? -1 - row : userId;
    if (!groupOfUser.has(key)) groupOfUser.set(key, groupOfUser.size);
    return groupOfUser.get(key)!;
  });
  return { group, groups: groupOfUser.size, unit: `users (${groupOfUser.size.toLocaleString('en')})` };
}

export function intervalSentence(unit: string, options: BootstrapOptions = {}): string {
  const { draws, seed, level } = withDefaults(defaultBootstrap, options);
  return `Intervals hold ${100 * level} % of ${draws.toLocaleString('en')} bootstrap draws of ${unit}, seed ${seed}; differences use the same draws.`;
}

/** Intervals by label of a metric; a metric of all rankings together has none. */
export type IntervalsOf = Readonly<Record<string, Interval>>;

interface RowIntervals {
  readonly intervals: IntervalsOf;
  /** The model's figure minus that of this row; absent for the model. */
  readonly lead?: IntervalsOf;
}

/** Maximum number of groups to draw from. More are merged, which keeps drawing fast; a user is still never divided. */
const maxGroups = 20_000;

/** Collects rows, the model first, and stores their values as sums by group. */
export function makeLeads(task: ScoringTask, measures: readonly Measure[]) {
  const perRanking = measures.filter(isMean);
  const { group: groupOfRanking, groups: groupCount, unit } = groupsOf(task);
  const groups = Math.min(groupCount, maxGroups);
  const groupOfRow = groups === groupCount ? groupOfRanking : groupOfRanking.map((ownGroup) => ownGroup % groups);
  const sizes = sizesOf(groupOfRow, groups);
  // By measure, then by row.
  const sumsByMeasure: Float64Array[][] = perRanking.map(() => []);
  return {
    add(ranks: Ranks): void {
      for (const [index, measure] of perRanking.entries())
        sumsByMeasure[index]!.push(sumsOf(metricValues(task, ranks, measure), groupOfRow, groups));
    },
    rows(): readonly RowIntervals[] {
      const intervalsByMeasure = sumsByMeasure.map((sums) => bootstrapSums({ sums, sizes }));
      const byLabel = (intervalAt: (index: number) => Interval): IntervalsOf =>
        Object.fromEntries(perRanking.map(({ label }, index) => [label, intervalAt(index)]));
      return (sumsByMeasure[0] ?? []).map((_, row) => ({
        intervals: byLabel((index) => intervalsByMeasure[index]!.means[row]!),
        ...(row === 0
          ? {}
          : { lead: byLabel((index) => negateInterval(intervalsByMeasure[index]!.differences[row]!)) }),
      }));
    },
    sentence: intervalSentence(groups === groupCount ? unit : `${groups.toLocaleString('en')} groups of ${unit}`),
  };
}

// Avoids negative zeros.
const negateInterval = ({ mean, low, high }: Interval): Interval => ({ mean: 0 - mean, low: 0 - high, high: 0 - low });

/**
 * A confidence interval by the bootstrap (Efron 1979; percentile intervals), which draws whole groups with replacement: events of one user are not independent,
 * so users are drawn. All series, and the differences between them, use the same draws, so comparisons are paired.
 */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

interface BootstrapSample extends Pick<GroupSums, 'reference'> {
  /** One value per question for each series; a question is an event, or a user. */
  readonly series: readonly Float64Array[];
  /** The group of each question: 0 … groups − 1. */
  readonly group: Int32Array;
  readonly groups: number;
}

export interface BootstrapOptions {
  readonly draws?: number;
  readonly seed?: number;
  /** Confidence level: 0.95 is between the 2.5th and the 97.5th percentile of the draws. */
  readonly level?: number;
}

interface Intervals {
  readonly means: readonly Interval[];
  /** Each series minus the reference, on the same draws; exactly 0 for the reference. */
  readonly differences: readonly Interval[];
}

const defaultBootstrap: Required<BootstrapOptions> = { draws: 1000, seed: 1, level: 0.95 };

export function bootstrap(
  { series, group, groups, reference = 0 }: BootstrapSample,
  options: BootstrapOptions = {},
): Intervals {
  const sums = series.map((values) => sumsOf(values, group, groups));
  return bootstrapSums({ sums, sizes: sizesOf(group, groups), reference }, options);
}

function sizesOf(group: Int32Array, groups: number): Float64Array {
  const sizes = new Float64Array(groups);
  for (const rowGroup of group) sizes[rowGroup]!++;
  return sizes;
}

function sumsOf(values: Float64Array, group: Int32Array, groups: number): Float64Array {
  const groupTotals = new Float64Array(groups);
  for (let row = 0; row < group.length; row++) groupTotals[group[row]!]! += values[row]!;
  return groupTotals;
}

interface GroupSums {
  /** By series, then by group. */
  readonly sums: readonly Float64Array[];
  readonly sizes: Float64Array;
  /** Index of the series that the others are compared with. Default: the first. */
  readonly reference?: number;
}

function bootstrapSums({ sums, sizes, reference = 0 }: GroupSums, options: BootstrapOptions = {}): Intervals {
  const { draws, seed, level } = withDefaults(defaultBootstrap, options);
  const groups = sizes.length;
  const drawnMeans = sums.map(() => new Float64Array(draws));
  const random = makeRandom(seed, groups, draws);
  const drawnSums = new Float64Array(sums.length);
  for (let draw = 0; draw < draws; draw++) {
    drawnSums.fill(0);
    let drawnEvents = 0;
    for (let i = 0; i < groups; i++) {
      const drawnGroup = random.integer(groups);
      drawnEvents += sizes[drawnGroup]!;
      for (let s = 0; s < sums.length; s++) drawnSums[s]! += sums[s]![drawnGroup]!;
    }
    for (let s = 0; s < sums.length; s++) drawnMeans[s]![draw] = drawnEvents === 0 ? 0 : drawnSums[s]! / drawnEvents;
  }
  const questionCount = sizes.reduce((a, b) => a + b, 0);
  const means = sums.map((groupTotals) => groupTotals.reduce((a, b) => a + b, 0) / Math.max(1, questionCount));
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
  const quantile = (share: number): number => {
    const exactIndex = share * (sortedValues.length - 1);
    const below = Math.floor(exactIndex);
    const above = Math.min(sortedValues.length - 1, below + 1);
    return sortedValues[below]! + (exactIndex - below) * (sortedValues[above]! - sortedValues[below]!);
  };
  return { mean, low: quantile((1 - level) / 2), high: quantile((1 + level) / 2) };
}
