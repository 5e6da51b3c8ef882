/** Whom a model serves worst: its figures by how often an event's item was seen in training, and by how much is known of the user. */

import type { ScoringTask } from '../scoring/scorer.ts';
import { eachQuestion, type Figures, type Measure } from './figures.ts';
import { questionsOf } from './questions.ts';
import type { Ranks } from './ranks.ts';

export interface Slice {
  /** `10–29`. */
  readonly name: string;
  /** Held-out events in the slice. */
  readonly events: number;
  /**
   * By label: the mean over its events; or over its users, as if a user held out only the items of the slice. A cold item is a
   * miss, unless the model ranks cold items.
   */
  readonly figures: Figures['all'];
}

export interface Slices {
  /** By the training events of the event's item. */
  readonly popularity: readonly Slice[];
  /** By the length of the history that is read with the event that asks; where none is read, by the user's training events. */
  readonly history: readonly Slice[];
  readonly historyIs: 'read' | 'training';
}

/** Name of the slice of items without a training event. */
export const coldSlice = 'none (cold)';

/** Lower ends of the buckets; the last has no upper end. */
const popularityFrom = [0, 1, 3, 10, 30, 100, 300, 1000, 10_000];
const historyFrom = [0, 1, 5, 10, 20, 50, 100, 500];

/** Empty buckets are left out. */
export function slicesOf(task: ScoringTask, ranks: Ranks, measures: readonly Measure[]): Slices {
  const { events, corpus, users, history } = task;
  const { asks } = questionsOf(task);
  const training = (row: number): number => (events.item[row]! < 0 ? 0 : corpus.trainingCounts[events.item[row]!]!);
  const length = history
    ? (row: number): number => {
        const at = history.index ? history.index[row]! : row;
        return history.bags.ends[at]! - history.bags.starts[at]!;
      }
    : (row: number): number => {
        const user = events.user[row]!;
        return user < 0 ? 0 : users.seen.ends[user]! - users.seen.starts[user]!;
      };
  const by = (from: readonly number[], size: (row: number) => number, isOfUser: boolean): Slice[] => {
    const bucketOf = (row: number): number => from.findLastIndex((low) => low <= size(row));
    const asked = isOfUser ? asks.map(bucketOf) : undefined;
    const buckets = asked ? undefined : Uint8Array.from({ length: events.rows }, (_, row) => bucketOf(row));
    let most = 0;
    for (const row of asked ? asks : buckets!.keys()) most = Math.max(most, size(row));
    return from.flatMap((_, bucket) => {
      const sums = new Float64Array(measures.length);
      let questions = 0;
      let count = 0;
      eachQuestion(task, ranks, buckets && ((row) => buckets[row] === bucket), (question, held) => {
        if (asked && asked[question] !== bucket) return;
        questions++;
        count += held.count;
        for (let i = 0; i < measures.length; i++) sums[i]! += measures[i]!.of(held);
      });
      if (count === 0) return [];
      const figures = Object.fromEntries(measures.map(({ label }, i) => [label, sums[i]! / questions]));
      return [{ name: nameOf(from, bucket, most), events: count, figures }];
    });
  };
  return {
    popularity: by(popularityFrom, training, false).map((slice) =>
      slice.name === '0' ? { ...slice, name: coldSlice } : slice,
    ),
    history: by(historyFrom, length, true),
    historyIs: history ? 'read' : 'training',
  };
}

/** Up to the most that occurs: a history of 50 at most has none of 99. */
function nameOf(from: readonly number[], bucket: number, most: number): string {
  const low = from[bucket]!;
  if (bucket === from.length - 1) return `${low.toLocaleString('en')} or more`;
  const high = Math.min(from[bucket + 1]! - 1, most);
  return low === high ? low.toLocaleString('en') : `${low.toLocaleString('en')}–${high.toLocaleString('en')}`;
}

/** The slice with the lowest figure among those with enough events to say so; undefined where there are not two of them. */
export function worst(slices: readonly Slice[], label: string, enough = 20): Slice | undefined {
  const judged = slices.filter(({ events }) => events >= enough);
  if (judged.length < 2) return undefined;
  return judged.reduce((low, slice) => (slice.figures[label]! < low.figures[label]! ? slice : low));
}
