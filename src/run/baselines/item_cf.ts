import type { BagColumn } from '../../data/dataset.ts';
import type { ScoringTask } from '../scorer.ts';
import { baseline } from './baseline.ts';

/** Lists of rows, one a group. */
interface Lists {
  readonly starts: Int32Array;
  readonly values: Int32Array;
}

/**
 * score(u, j) = Σ over i ≠ j in H(u) of |U(i) ∩ U(j)| ÷ √(|U(i)| |U(j)|), where H(u) are the items of the user's training events
 * and U(i) the users who have i. The sum is taken user by user, so that no matrix of items by items is ever held:
 * Σᵢ |U(i) ∩ U(j)| ÷ √|U(i)| = Σ over v in U(j) of w(v), with w(v) = Σ over i in H(u) ∩ H(v) of 1 ÷ √|U(i)|.
 */
export const itemCf = baseline({
  doc: 'cosine similarity of the users who have an item with those of each item in the user’s training history, summed',
  paper: 'Sarwar et al., WWW 2001; Deshpande & Karypis, TOIS 2004',
  work({ events, users, corpus }) {
    const { itemsOf, usersOf } = index(users.seen, users.rows, corpus.rows);
    const historyLength = itemsOf.values.length / Math.max(1, users.rows);
    let work = 0;
    for (const user of new Set(events.user)) {
      if (user < 0) continue;
      let shared = 0;
      for (let i = itemsOf.starts[user]!; i < itemsOf.starts[user + 1]!; i++) {
        const item = itemsOf.values[i]!;
        shared += usersOf.starts[item + 1]! - usersOf.starts[item]!;
      }
      work += shared + Math.min(shared, users.rows) * historyLength;
    }
    return work;
  },
  prepare(task) {
    const scoresOf = makeUserScores(task);
    const { rows: items } = task.corpus;
    let block = new Float32Array(0);
    const last = new Float32Array(items);
    let lastUser = -1;
    return {
      score(rows) {
        if (block.length < rows.length * items) block = new Float32Array(rows.length * items);
        for (let i = 0; i < rows.length; i++) {
          const user = task.events.user[rows[i]!]!;
          if (user !== lastUser) scoresOf(user, last);
          lastUser = user;
          block.set(last, i * items);
        }
        return block;
      },
    };
  },
});

function makeUserScores({ users, corpus }: ScoringTask): (user: number, target: Float32Array) => void {
  const { itemsOf, usersOf } = index(users.seen, users.rows, corpus.rows);
  const root = Float64Array.from({ length: corpus.rows }, (_, i) =>
    Math.sqrt(usersOf.starts[i + 1]! - usersOf.starts[i]!),
  );
  const weight = new Float64Array(users.rows);
  const reached = new Int32Array(users.rows);
  const sums = new Float64Array(corpus.rows);

  return (user, target) => {
    target.fill(0);
    if (user < 0) return;
    let count = 0;
    for (let i = itemsOf.starts[user]!; i < itemsOf.starts[user + 1]!; i++) {
      const item = itemsOf.values[i]!;
      for (let at = usersOf.starts[item]!; at < usersOf.starts[item + 1]!; at++) {
        const other = usersOf.values[at]!;
        if (weight[other] === 0) reached[count++] = other;
        weight[other]! += 1 / root[item]!;
      }
    }
    // In ascending order, so that items with the same users get the same bits, and tie.
    reached.subarray(0, count).sort();
    sums.fill(0);
    for (let i = 0; i < count; i++) {
      const other = reached[i]!;
      for (let at = itemsOf.starts[other]!; at < itemsOf.starts[other + 1]!; at++) {
        sums[itemsOf.values[at]!]! += weight[other]!;
      }
      weight[other] = 0;
    }
    // An item is not similar to itself: without the term i = j, which is √|U(j)| before the division.
    for (let i = itemsOf.starts[user]!; i < itemsOf.starts[user + 1]!; i++) {
      const item = itemsOf.values[i]!;
      const rest = sums[item]! - root[item]!;
      // What rounding leaves of nothing is nothing: the smallest true term is 1 ÷ √users.
      sums[item] = rest < 1e-9 * sums[item]! ? 0 : rest;
    }
    for (let item = 0; item < sums.length; item++) if (sums[item] !== 0) target[item] = sums[item]! / root[item]!;
  };
}

/** Each user's distinct items, and each item's users, both ascending. */
function index(seen: BagColumn, users: number, items: number): { itemsOf: Lists; usersOf: Lists } {
  const usersOf = { starts: new Int32Array(items + 1), values: new Int32Array(0) };
  const itemsOf = { starts: new Int32Array(users + 1), values: new Int32Array(0) };
  const had = new Int32Array(items).fill(-1);
  let length = 0;
  for (let user = 0; user < users; user++) length += seen.ends[user]! - seen.starts[user]!;
  const distinct = new Int32Array(length);
  let count = 0;
  for (let user = 0; user < users; user++) {
    for (let at = seen.starts[user]!; at < seen.ends[user]!; at++) {
      const item = seen.values[at]!;
      if (item < 0 || had[item] === user) continue;
      had[item] = user;
      distinct[count++] = item;
      usersOf.starts[item + 1]!++;
    }
    itemsOf.starts[user + 1] = count;
    distinct.subarray(itemsOf.starts[user]!, count).sort();
  }
  itemsOf.values = distinct.slice(0, count);
  for (let item = 0; item < items; item++) usersOf.starts[item + 1]! += usersOf.starts[item]!;
  usersOf.values = new Int32Array(count);
  const next = usersOf.starts.slice(0, items);
  for (let user = 0; user < users; user++) {
    for (let at = itemsOf.starts[user]!; at < itemsOf.starts[user + 1]!; at++) {
      usersOf.values[next[itemsOf.values[at]!]!++] = user;
    }
  }
  return { itemsOf, usersOf };
}
