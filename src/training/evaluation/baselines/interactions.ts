/** Reads which user had which item: the data of the baselines that learn from users, and the history that they read with an event. */
import type { BagColumn } from '../../../data/dataset.ts';
import type { ScoringTask } from '../../scoring/scorer.ts';

export interface RowLists {
  readonly starts: Int32Array;
  readonly values: Int32Array;
}

/** Each user's distinct items, and each item's users, both ascending. */
export interface Interactions {
  readonly itemsOf: RowLists;
  readonly usersOf: RowLists;
}

export interface TrainingInteractions extends Interactions {
  readonly users: number;
  readonly items: number;
}

const interactionsCache = new WeakMap<BagColumn, Interactions>();

/** Reads the training part. Cached as long as `users.seen` lives. */
export function interactionsOf({ users, corpus }: ScoringTask): Interactions {
  const cachedInteractions = interactionsCache.get(users.seen);
  if (cachedInteractions) return cachedInteractions;
  const distinctInteractions = distinctOf(users.seen, users.rows, corpus.rows);
  interactionsCache.set(users.seen, distinctInteractions);
  return distinctInteractions;
}

/** The cost of finding the interactions, before any item is read: the items of users may be on the disk. */
export interface InteractionsCost {
  /** Peak of memory, with what is read. */
  readonly bytes: number;
  /** Steps of plain code. Measured with a billion events: each waits for memory about three times. */
  readonly steps: number;
}

export function interactionsCost({ users: { seen, rows } }: ScoringTask): InteractionsCost {
  let events = 0;
  for (let user = 0; user < rows; user++) events += seen.ends[user]! - seen.starts[user]!;
  return { bytes: 16 * events, steps: 60 * events };
}

function distinctOf(seen: BagColumn, users: number, items: number): Interactions {
  const usersOf = { starts: new Int32Array(items + 1), values: new Int32Array(0) };
  const itemsOf = { starts: new Int32Array(users + 1), values: new Int32Array(0) };
  const lastUserOf = new Int32Array(items).fill(-1);
  let length = 0;
  for (let user = 0; user < users; user++) length += seen.ends[user]! - seen.starts[user]!;
  const distinct = new Int32Array(length);
  let count = 0;
  for (let user = 0; user < users; user++) {
    for (let at = seen.starts[user]!; at < seen.ends[user]!; at++) {
      const item = seen.values[at]!;
      if (item < 0 || lastUserOf[item] === user) continue;
      lastUserOf[item] = user;
      distinct[count++] = item;
      usersOf.starts[item + 1]!++;
    }
    itemsOf.starts[user + 1] = count;
    distinct.subarray(itemsOf.starts[user]!, count).sort();
  }
  itemsOf.values = distinct.slice(0, count);
  for (let item = 0; item < items; item++) usersOf.starts[item + 1]! += usersOf.starts[item]!;
  usersOf.values = new Int32Array(count);
  const nextSlot = usersOf.starts.slice(0, items);
  for (let user = 0; user < users; user++) {
    for (let at = itemsOf.starts[user]!; at < itemsOf.starts[user + 1]!; at++) {
      usersOf.values[nextSlot[itemsOf.values[at]!]!++] = user;
    }
  }
  return { itemsOf, usersOf };
}

export const trainingOf = (task: ScoringTask): TrainingInteractions => ({
  ...interactionsOf(task),
  users: task.users.rows,
  items: task.corpus.rows,
});

/**
 * Returns the distinct items of an event's user before it, ascending: of the user's training events, and of the history that
 * the model reads with the event. So a baseline knows no less than the model.
 */
export function makeHistory(
  { events, history }: ScoringTask,
  itemsOf: RowLists,
): (row: number) => Int32Array<ArrayBuffer> {
  return (row) => {
    const user = events.user[row]!;
    const trainingItems = user < 0 ? [] : itemsOf.values.subarray(itemsOf.starts[user]!, itemsOf.starts[user + 1]!);
    if (!history) return Int32Array.from(trainingItems);
    const { bags, index: rowOf } = history;
    const bag = rowOf ? rowOf[row]! : row;
    const items = new Set(trainingItems);
    for (let at = bags.starts[bag]!; at < bags.ends[bag]!; at++) if (bags.values[at]! >= 0) items.add(bags.values[at]!);
    return Int32Array.from(items).sort();
  };
}

export function whyNoHistory({ users, history }: ScoringTask): string | undefined {
  if (users.rows > 0 || history !== undefined) return undefined;
  return 'the data has no users, and the model reads no history';
}

/** Σ over users of the square of how many items they had: the terms of XᵀX. */
export function pairCount({ starts }: RowLists): number {
  let sum = 0;
  for (let user = 0; user + 1 < starts.length; user++) sum += (starts[user + 1]! - starts[user]!) ** 2;
  return sum;
}
