/**
 * Where the item of each event stands among the whole corpus. The one code path by which the model and every baseline are
 * measured.
 */
import type { Events } from '../data/dataset.ts';
import { makeRanker } from '../embedding/rank.ts';
import type { Scorer, ScoringTask } from './scorer.ts';

/** One entry an event; `corpus` 0: its item is not in the corpus, and has no rank. */
export interface Ranks {
  /** Items that score above the event's own. */
  readonly better: Int32Array;
  /** Other items that score the same. */
  readonly equal: Int32Array;
  /** Items that were ranked, its own included. */
  readonly corpus: Int32Array;
}

/** Scores held at once: 5 MB, which stay in the cache on their way to be counted. */
const blockNumbers = 1.25 * 2 ** 20;

/** @param removeSeen takes the items of the user's training events out of the ranking, except the event's own */
export async function rankEvents(task: ScoringTask, scorer: Scorer, removeSeen = false): Promise<Ranks> {
  const { events, corpus, users } = task;
  const ranks: Ranks = {
    better: new Int32Array(events.rows),
    equal: new Int32Array(events.rows),
    corpus: new Int32Array(events.rows),
  };
  const ranker = makeRanker();
  const order = rowsByUser(events, users.rows);
  const rowsAtOnce = Math.max(16, Math.min(1024, Math.floor(blockNumbers / Math.max(1, corpus.rows))));
  for (let from = 0; from < order.length; from += rowsAtOnce) {
    const rows = order.subarray(from, from + rowsAtOnce);
    const scores = await scorer.score(rows);
    const own = rows.map((row) => events.item[row]!);
    const seen = removeSeen ? { bags: users.seen, of: rows.map((row) => events.user[row]!) } : undefined;
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
