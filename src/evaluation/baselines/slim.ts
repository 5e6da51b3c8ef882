import { type Training, tuned } from './baseline.ts';
import { pairs } from './interactions.ts';
import { largest, summed, transposed, type Weights } from './neighbours.ts';

export interface SlimSetting {
  readonly [name: string]: number;
  readonly l1: number;
  readonly l2: number;
}

/** Rounds over the weights of one item, and the change below which they end earlier. */
const rounds = 20;
const enough = 1e-3;

/**
 * score(j) = Σ over i in H of wᵢⱼ, with wⱼ ≥ 0 and wⱼⱼ = 0 that minimize ½ ‖xⱼ − X wⱼ‖² + l2 ÷ 2 ‖wⱼ‖² + l1 Σ wᵢⱼ, by coordinate descent
 * (Friedman et al. 2010). An item that shares no user with j has weight 0 at the minimum: its slope is at least l1.
 */
export const slim = tuned<SlimSetting>({
  doc: 'sparse item-to-item weights, none below 0, by an elastic net of each item on all others, summed over what the user had before',
  paper: 'Ning & Karypis, "SLIM: sparse linear methods for top-N recommender systems", ICDM 2011',
  settings: [0.1, 1].flatMap((l1) => [1, 20, 100].map((l2) => ({ l1, l2 }))),
  usual: 4,
  fit: (training, setting) => summed(transposed(slimWeights(training, setting))),
  work(training) {
    const { itemsOf, usersOf, users } = training;
    const perUser = itemsOf.values.length / Math.max(1, users);
    // An item shares users with at most as many items as there are pairs; each takes a sum over its users.
    let work = 0;
    for (let item = 0; item < training.items; item++) {
      const own = usersOf.starts[item + 1]! - usersOf.starts[item]!;
      work += Math.min(itemsOf.values.length, own * perUser * perUser * 4);
    }
    return rounds * work + pairs(itemsOf);
  },
  eventWork: ({ items, itemsOf, users }) => items + 200 * (itemsOf.values.length / Math.max(1, users)),
  bytes: ({ items }) => 4 * items * Math.min(items, 500) * 12,
});

/** Row j holds wⱼ. */
export function slimWeights(
  { users, items, itemsOf, usersOf }: Training,
  { l1, l2 }: SlimSetting,
  { most = rounds, change = enough }: { readonly most?: number; readonly change?: number } = {},
): Weights {
  const rest = new Float64Array(users);
  const mark = new Int32Array(items).fill(-1);
  const reached = new Int32Array(items);
  return largest(items, items, (row, target) => {
    const [from, to] = [usersOf.starts[row]!, usersOf.starts[row + 1]!];
    let length = 0;
    for (let at = from; at < to; at++) {
      const user = usersOf.values[at]!;
      rest[user] = 1;
      for (let of = itemsOf.starts[user]!; of < itemsOf.starts[user + 1]!; of++) {
        const item = itemsOf.values[of]!;
        if (item === row || mark[item] === row) continue;
        mark[item] = row;
        reached[length++] = item;
      }
    }
    const columns = reached.subarray(0, length).sort();
    for (let round = 0; round < most; round++) {
      let moved = 0;
      for (const item of columns) {
        const [first, end] = [usersOf.starts[item]!, usersOf.starts[item + 1]!];
        const before = target[item]!;
        let slope = before * (end - first);
        for (let at = first; at < end; at++) slope += rest[usersOf.values[at]!]!;
        const after = Math.max(0, slope - l1) / (end - first + l2);
        if (after === before) continue;
        for (let at = first; at < end; at++) rest[usersOf.values[at]!]! -= after - before;
        target[item] = after;
        moved = Math.max(moved, Math.abs(after - before));
      }
      if (moved < change) break;
    }
    for (let at = from; at < to; at++) rest[usersOf.values[at]!] = 0;
    for (const item of columns) {
      for (let at = usersOf.starts[item]!; at < usersOf.starts[item + 1]!; at++) rest[usersOf.values[at]!] = 0;
    }
    return columns;
  });
}
