/**
 * Where the item of each event is among the whole corpus. The one code path by which the model and every baseline are
 * measured.
 */
import type { BagColumn, Events } from '../data/dataset.ts';
import { type ExcludedColumns, makeRanker } from '../embedding/rank.ts';
import type { Scorer, ScoringTask } from '../scoring/scorer.ts';

/** One entry an event; `corpus` 0: its item is not in the corpus, and has no rank. */
export interface Ranks {
  /** Items that score above the event's own. */
  readonly better: Int32Array;
  /** Other items that score the same. */
  readonly equal: Int32Array;
  /** Items that were ranked, its own included. */
  readonly corpus: Int32Array;
}

/** Scores held at a time: 5 MB, which stay in the cache on their way to be counted. */
const blockNumbers = 1.25 * 2 ** 20;

/**
 * @param removeSeen takes what the user had out of the ranking, except the event's own item: the items of the user's training
 * events, and all that the task says was seen before the event
 */
export async function rankEvents(task: ScoringTask, scorer: Scorer, removeSeen = false): Promise<Ranks> {
  const { events, corpus } = task;
  const ranks: Ranks = {
    better: new Int32Array(events.rows),
    equal: new Int32Array(events.rows),
    corpus: new Int32Array(events.rows),
  };
  const ranker = makeRanker();
  const order = rowsByUser(events, task.users.rows);
  const rowsAtOnce = Math.max(16, Math.min(1024, Math.floor(blockNumbers / Math.max(1, corpus.rows))));
  for (let from = 0; from < order.length; from += rowsAtOnce) {
    const rows = order.subarray(from, from + rowsAtOnce);
    const scores = await scorer.score(rows);
    const own = rows.map((row) => events.item[row]!);
    const seen = removeSeen ? seenBefore(task, rows) : undefined;
    const found = ranker.rank(scores.subarray(0, rows.length * corpus.rows), corpus.rows, own, seen);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      ranks.better[row] = found.better[i]!;
      ranks.equal[row] = found.equal[i]!;
      ranks.corpus[row] = found.ranked[i]!;
    }
  }
  return ranks;
}

/** One bag a row: items of its user's training events, and of what was seen before it. */
function seenBefore({ events, users, seen = [] }: ScoringTask, rows: Int32Array): ExcludedColumns {
  const starts = new Int32Array(rows.length);
  const ends = new Int32Array(rows.length);
  const values: number[] = [];
  const add = ({ starts: from, ends: to, values: items }: BagColumn, bag: number): void => {
    for (let at = from[bag]!; at < to[bag]!; at++) if (items[at]! >= 0) values.push(items[at]!);
  };
  rows.forEach((row, i) => {
    starts[i] = values.length;
    if (events.user[row]! >= 0) add(users.seen, events.user[row]!);
    for (const { bags, index } of seen) add(bags, index ? index[row]! : row);
    ends[i] = values.length;
  });
  const of = rows.map((_, i) => i);
  return { bags: { kind: 'bags', starts, ends, values: Int32Array.from(values) }, of };
}

export function isInBag({ starts, ends, values }: BagColumn, bag: number, item: number): boolean {
  for (let at = starts[bag]!; at < ends[bag]!; at++) if (values[at] === item) return true;
  return false;
}

/** Rows whose item is in the corpus, each user's together, so that a scorer may keep what it knows of the last one. */
function rowsByUser(events: Events, users: number): Int32Array {
  const starts = new Int32Array(users + 2);
  for (let row = 0; row < events.rows; row++) if (events.item[row]! >= 0) starts[events.user[row]! + 2]!++;
  for (let user = 1; user < starts.length; user++) starts[user]! += starts[user - 1]!;
  const order = new Int32Array(starts[users + 1]!);
  for (let row = 0; row < events.rows; row++) {
    if (events.item[row]! >= 0) order[starts[events.user[row]! + 1]!++] = row;
  }
  return order;
}
