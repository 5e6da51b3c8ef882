/** A smaller question of the same kind: the items that have the most training events, and what was held out among them. */

import type { IndexedBags } from '../../data/dataset.ts';
import { defined } from '../../defined.ts';
import { everyRow } from '../../every_row.ts';
import type { ScoringTask } from '../../scoring/scorer.ts';

/** Of a task, `most` items at most, of equals those further up; and the events whose item is one of them. All users stay. */
export function amongItems(task: ScoringTask, most: number): ScoringTask {
  const { events, corpus, users, history, seen } = task;
  if (corpus.rows <= most) return task;
  const counts = corpus.trainingCounts;
  const kept = everyRow(corpus.rows)
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .subarray(0, most)
    .sort();
  const rowOf = new Int32Array(corpus.rows).fill(-1);
  kept.forEach((item, row) => {
    rowOf[item] = row;
  });
  const moved = (items: Int32Array): Int32Array => items.map((item) => (item < 0 ? -1 : rowOf[item]!));
  const rows = Int32Array.from(events.item.keys()).filter(
    (row) => events.item[row]! >= 0 && rowOf[events.item[row]!]! >= 0,
  );
  const bags = ({ bags, index }: IndexedBags): IndexedBags => ({
    bags: { ...bags, values: moved(bags.values) },
    index: rows.map((row) => (index ? index[row]! : row)),
  });
  const { context: _, ...rest } = task;
  return {
    ...rest,
    events: {
      rows: rows.length,
      features: new Map(),
      labels: new Map(),
      item: rows.map((row) => rowOf[events.item[row]!]!),
      user: rows.map((row) => events.user[row]!),
    },
    corpus: {
      rows: most,
      features: new Map(),
      keys: [],
      trainingCounts: kept.map((item) => counts[item]!),
    },
    users: { ...users, seen: { ...users.seen, values: moved(users.seen.values) } },
    ...defined({ history: history && bags(history), seen: seen?.map(bags) }),
  };
}
