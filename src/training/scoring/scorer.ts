import type { Corpus, Events, IndexedBags, Users } from '../../data/dataset.ts';
import { BestRows, type RankedRows } from '../../engines/scan/candidates.ts';

// The first items of a ranking.

/** Items come in ascending order, some at a time. Those that are excluded, and those whose score is not a number, are left out. */
export class FirstItems {
  private readonly excluded: ReadonlySet<number>;
  private readonly best: BestRows;

  /** @param items all that may come */
  constructor(k: number, items: number, excluded: Iterable<number> = []) {
    this.best = new BestRows(k, items);
    this.excluded = new Set(excluded);
  }

  /** @param scores of the items from `first` on */
  add(scores: Float32Array, first: number): void {
    const { best, excluded } = this;
    for (let at = 0; at < scores.length; at++) {
      const score = scores[at]!;
      // Not `score < …`, which a NaN would pass.
      if (score >= best.worst && !excluded.has(first + at)) best.push(first + at, score);
    }
  }

  /** Once all items have come. */
  ranked(): RankedRows {
    return this.best.ordered();
  }
}

/** Returns the k best of the scores of all items. */
export function firstItems(scores: Float32Array, k: number, excluded: Iterable<number> = []): RankedRows {
  const first = new FirstItems(k, scores.length, excluded);
  first.add(scores, 0);
  return first.ranked();
}

/** Anything that ranks the corpus for an event: the model, or something to compare it with. */
export interface Scorer {
  readonly name: string;
  readonly doc: string;
  /** It has something to rank items without training events by. Absent: such an item is a miss. */
  readonly ranksCold?: true;
  /**
   * Scores of every item of the corpus for each of these rows of the events: float32 [rows, items], row-major, perhaps with
   * more behind it, in memory that the next call may reuse.
   */
  score(rows: Int32Array): Float32Array | Promise<Float32Array>;
  /** The same of the items `from` to before `to` alone: float32 [rows, to − from]. Absent: all items are scored together. */
  scoreSome?(rows: Int32Array, from: number, to: number): Promise<Float32Array>;
  /** The rows of the next calls, all of them: what is cheaper for many rows may be made for them here. */
  expect?(rows: Int32Array): Promise<void>;
}

/** A scorer may read all of it, but never the item of an event. */
export interface ScoringTask {
  readonly events: Events;
  readonly corpus: Corpus;
  readonly users: Users;
  /**
   * The bag of earlier items that the model reads with each event, as corpus rows, −1 for those that have none; absent where it
   * reads none.
   */
  readonly history?: IndexedBags;
  /** Items of the user of each event before it, besides the user's training events: corpus rows, −1 as above. */
  readonly seen?: readonly IndexedBags[];
  /** One feature of the query, for popularity among queries with the same value; absent without a named feature. */
  readonly context?: Context;
  /** One ranking for each event, or one for each user with all events of the user. Default: each event. */
  readonly per?: 'event' | 'user';
}

/** Codes of one feature, and the items of the training part. */
export interface Context {
  readonly feature: string;
  readonly words: (code: number) => string;
  /** One entry a training event: the feature's code, and the row of its item. */
  readonly training: Int32Array;
  readonly item: Int32Array;
  /** One entry an event of the task: the feature's code. */
  readonly asked: Int32Array;
}
