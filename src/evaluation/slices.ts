/** Whom a model serves worst: its figures by how often an event's item was seen in training, and by how much is known of the user. */

import type { ScoringTask } from '../scoring/scorer.ts';
import { type Figures, type Measure, valuesOf } from './figures.ts';
import type { Ranks } from './ranks.ts';

export interface Slice {
  /** `10–29`. */
  readonly name: string;
  readonly events: number;
  /** Mean over its events by label; an event of a cold item counts 0. */
  readonly figures: Figures['all'];
}

export interface Slices {
  /** By the training events of the event's item. */
  readonly popularity: readonly Slice[];
  /** By the length of the history that is read with the event; where none is read, by the user's training events. */
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
  const values = measures.map((measure) => valuesOf(events, corpus, ranks, measure));
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
  const by = (from: readonly number[], size: (row: number) => number): Slice[] => {
    const counts = new Int32Array(from.length);
    const sums = measures.map(() => new Float64Array(from.length));
    let most = 0;
    for (let row = 0; row < events.rows; row++) {
      const value = size(row);
      most = Math.max(most, value);
      const bucket = from.findLastIndex((low) => low <= value);
      counts[bucket]!++;
      for (let i = 0; i < sums.length; i++) sums[i]![bucket]! += values[i]![row]!;
    }
    return from.flatMap((_, bucket) => {
      const count = counts[bucket]!;
      if (count === 0) return [];
      const figures = Object.fromEntries(measures.map(({ label }, i) => [label, sums[i]![bucket]! / count]));
      return [{ name: nameOf(from, bucket, most), events: count, figures }];
    });
  };
  return {
    popularity: by(popularityFrom, training).map((slice) =>
      slice.name === '0' ? { ...slice, name: coldSlice } : slice,
    ),
    history: by(historyFrom, length),
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
