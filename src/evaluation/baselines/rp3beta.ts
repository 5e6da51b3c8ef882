import { type Training, tuned } from './baseline.ts';
import { pairs } from './interactions.ts';
import { largest, summed, type Weights } from './neighbours.ts';

export interface Rp3betaSetting {
  readonly [name: string]: number;
  readonly α: number;
  readonly β: number;
}

/** Items that each item keeps. */
const kept = 200;

/**
 * score(j) = Σ over i in H of w(i, j), with w(i, j) = Σ over v in U(i) ∩ U(j) of (1 ÷ |U(i)|)^α (1 ÷ |I(v)|)^α ÷ |U(j)|^β: the
 * chance of walking from a user over an item and another user to j, its probabilities to the power of α, less what is popular. The
 * first step is the same for all items of a user, and no part of the ranking.
 */
export const rp3beta = tuned<Rp3betaSetting>({
  doc: 'chance of a random walk from the user over an item and another user to each item, divided by a power of its popularity',
  paper: 'Paudel et al., TiiS 2017; Christoffel et al., "Blockbusters and wallflowers", RecSys 2015',
  settings: [0.4, 0.8].flatMap((α) => [0, 0.2, 0.5].map((β) => ({ α, β }))),
  usual: 4,
  fit: (training, setting) => summed(rp3betaWeights(training, setting, kept)),
  work: (training) => 6 * pairs(training.itemsOf),
  eventWork: ({ items, itemsOf, users }) => items + kept * (itemsOf.values.length / Math.max(1, users)),
  bytes: ({ items }) => 3 * items * Math.min(items, kept) * 12,
});

/** Row i holds the k largest w(i, j). */
export function rp3betaWeights({ items, itemsOf, usersOf }: Training, { α, β }: Rp3betaSetting, k: number): Weights {
  const degree = ({ starts }: { readonly starts: Int32Array }, at: number): number => starts[at + 1]! - starts[at]!;
  const back = Float64Array.from({ length: itemsOf.starts.length - 1 }, (_, user) => degree(itemsOf, user) ** -α);
  const reached = new Int32Array(items);
  return largest(items, k, (row, target) => {
    let length = 0;
    const first = degree(usersOf, row) ** -α;
    for (let at = usersOf.starts[row]!; at < usersOf.starts[row + 1]!; at++) {
      const user = usersOf.values[at]!;
      for (let of = itemsOf.starts[user]!; of < itemsOf.starts[user + 1]!; of++) {
        const item = itemsOf.values[of]!;
        if (target[item] === 0) reached[length++] = item;
        target[item]! += first * back[user]!;
      }
    }
    const columns = reached.subarray(0, length);
    for (const item of columns) target[item]! *= degree(usersOf, item) ** -β;
    target[row] = 0;
    return columns;
  });
}
