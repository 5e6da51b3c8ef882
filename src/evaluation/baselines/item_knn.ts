import { type Training, tuned } from './baseline.ts';
import { pairs } from './interactions.ts';
import { largest, summed, transposed, type Weights } from './neighbours.ts';

export interface ItemKnnSetting {
  readonly [name: string]: number;
  readonly k: number;
  readonly shrink: number;
}

/**
 * score(j) = Σ over i in H ∩ N(j) of s(i, j), with s(i, j) = |U(i) ∩ U(j)| ÷ (√(|U(i)| |U(j)|) + shrink), and N(j) the k items most
 * similar to j. The shrinkage keeps items with few users from being near each other by chance.
 */
export const itemKnn = tuned<ItemKnnSetting>({
  doc: 'cosine similarity, shrunk towards 0 where users are few, of each item’s k nearest that the user had before, summed',
  paper: 'Deshpande & Karypis, TOIS 2004; Ferrari Dacrema et al., RecSys 2019 (shrinkage)',
  settings: [20, 100].flatMap((k) => [0, 20, 100].map((shrink) => ({ k, shrink }))),
  usual: 4,
  fit: (training, setting) => summed(transposed(itemKnnWeights(training, setting))),
  work: (training) => 6 * pairs(training.itemsOf),
  eventWork: ({ items, itemsOf, users }) => items + 100 * (itemsOf.values.length / Math.max(1, users)),
  bytes: ({ items }) => 4 * items * Math.min(items, 100) * 12,
});

/** Row j holds s(i, j) for i in N(j). */
export function itemKnnWeights({ items, itemsOf, usersOf }: Training, { k, shrink }: ItemKnnSetting): Weights {
  const count = (item: number): number => usersOf.starts[item + 1]! - usersOf.starts[item]!;
  const reached = new Int32Array(items);
  return largest(items, k, (row, target) => {
    let length = 0;
    for (let at = usersOf.starts[row]!; at < usersOf.starts[row + 1]!; at++) {
      const user = usersOf.values[at]!;
      for (let of = itemsOf.starts[user]!; of < itemsOf.starts[user + 1]!; of++) {
        const item = itemsOf.values[of]!;
        if (target[item]!++ === 0) reached[length++] = item;
      }
    }
    const columns = reached.subarray(0, length);
    for (const item of columns) target[item]! /= Math.sqrt(count(item) * count(row)) + shrink;
    target[row] = 0;
    return columns;
  });
}
