/** Shows whom a model serves worst: its figures by how often an event's item was seen in training, and by the length of the user's history. */
import type { Context, ScoringTask } from '../scoring/scorer.ts';
import { eachQuestion, type Figures, type Measure, makeSums } from './figures.ts';
import { questionsOf } from './questions.ts';
import type { Ranks } from './ranks.ts';

export interface FigureSlice {
  /** `10–29`. */
  readonly name: string;
  readonly events: number;
  /**
   * By label: the mean over its events; or over its users, as if a user held out only the items of the slice. A cold item is a
   * miss, unless the model ranks cold items.
   */
  readonly figures: Figures['all'];
}

export interface Slices {
  /** By the training events of the event's item. */
  readonly popularity: readonly FigureSlice[];
  /** By the length of the history that is read with the event that asks; where none is read, by the user's training events. */
  readonly history: readonly FigureSlice[];
  readonly historyIs: 'read' | 'training';
  /** By the value of one feature of the query, where `by` names one: those with the most events first, the others together. */
  readonly by?: { readonly feature: string; readonly slices: readonly FigureSlice[] };
}

export const coldSlice = 'none (cold)';

/** Lower ends of the buckets; the last has no upper end. */
const popularityFrom = [0, 1, 3, 10, 30, 100, 300, 1000, 10_000];
const historyFrom = [0, 1, 5, 10, 20, 50, 100, 500];

/** Empty buckets are left out. */
export function slicesOf(task: ScoringTask, ranks: Ranks, measures: readonly Measure[]): Slices {
  const { events, corpus, users, history } = task;
  const { asks } = questionsOf(task);
  const trainingCount = (row: number): number =>
    events.item[row]! < 0 ? 0 : corpus.trainingCounts[events.item[row]!]!;
  const historyLength = history
    ? (row: number): number => {
        const at = history.index ? history.index[row]! : row;
        return history.bags.ends[at]! - history.bags.starts[at]!;
      }
    : (row: number): number => {
        const user = events.user[row]!;
        return user < 0 ? 0 : users.seen.ends[user]! - users.seen.starts[user]!;
      };
  const slice = (
    name: string,
    rows: ((row: number) => boolean) | undefined,
    isAsked: (question: number) => boolean = () => true,
  ): FigureSlice[] => {
    const sums = makeSums(task, ranks, measures);
    let count = 0;
    eachQuestion(task, ranks, rows, (question, held) => {
      if (!isAsked(question)) return;
      count += held.count;
      sums.add(question, held);
    });
    return count === 0 ? [] : [{ name, events: count, figures: sums.figures() }];
  };
  const by = (from: readonly number[], size: (row: number) => number, isOfUser: boolean): FigureSlice[] => {
    const bucketOf = (row: number): number => from.findLastIndex((low) => low <= size(row));
    const bucketOfQuestion = isOfUser ? asks.map(bucketOf) : undefined;
    const bucketOfRow = bucketOfQuestion
      ? undefined
      : Uint8Array.from({ length: events.rows }, (_, row) => bucketOf(row));
    let largestSize = 0;
    for (const row of bucketOfQuestion ? asks : bucketOfRow!.keys()) largestSize = Math.max(largestSize, size(row));
    return from.flatMap((_, bucket) => {
      const isAsked = bucketOfQuestion && ((question: number): boolean => bucketOfQuestion[question] === bucket);
      return slice(nameOf(from, bucket, largestSize), bucketOfRow && ((row) => bucketOfRow[row] === bucket), isAsked);
    });
  };
  return {
    popularity: by(popularityFrom, trainingCount, false).map((slice) =>
      slice.name === '0' ? { ...slice, name: coldSlice } : slice,
    ),
    history: by(historyFrom, historyLength, true),
    historyIs: history ? 'read' : 'training',
    ...(task.context ? { by: byValue(task.context, asks, slice) } : {}),
  };
}

const maxValues = 20;

/** A question has the value of the event that asks. */
function byValue(
  { feature, asked, words }: Context,
  asks: Int32Array,
  slice: (name: string, rows: undefined, isAsked: (question: number) => boolean) => FigureSlice[],
): NonNullable<Slices['by']> {
  const counts = new Map<number, number>();
  for (const row of asks) counts.set(asked[row]!, (counts.get(asked[row]!) ?? 0) + 1);
  const codes = [...counts].sort(([a, many], [b, few]) => few - many || a - b).map(([code]) => code);
  const ownCodes = codes.slice(0, codes.length > maxValues ? maxValues - 1 : maxValues);
  const of = (question: number): number => asked[asks[question]!]!;
  const slices = ownCodes.flatMap((code) => slice(words(code), undefined, (question) => of(question) === code));
  const otherCodes = new Set(codes.slice(ownCodes.length));
  const otherSlice =
    otherCodes.size === 0
      ? []
      : slice(`${otherCodes.size} others`, undefined, (question) => otherCodes.has(of(question)));
  return { feature, slices: [...slices, ...otherSlice] };
}

/** Up to the most that occurs: a history of 50 at most has none of 99. */
function nameOf(from: readonly number[], bucket: number, most: number): string {
  const low = from[bucket]!;
  if (bucket === from.length - 1) return `${low.toLocaleString('en')} or more`;
  const high = Math.min(from[bucket + 1]! - 1, most);
  return low === high ? low.toLocaleString('en') : `${low.toLocaleString('en')}–${high.toLocaleString('en')}`;
}

/** The slice with the lowest figure among those with enough events to say so; undefined where there are not two of them. */
export function worst(slices: readonly FigureSlice[], label: string, enough = 20): FigureSlice | undefined {
  const largeSlices = slices.filter(({ events }) => events >= enough);
  if (largeSlices.length < 2) return undefined;
  return largeSlices.reduce((low, slice) => (slice.figures[label]! < low.figures[label]! ? slice : low));
}
