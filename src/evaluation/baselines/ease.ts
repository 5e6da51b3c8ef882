import type { ScoringTask } from '../../scoring/scorer.ts';
import { baseline } from './baseline.ts';
import { type Interactions, interactionsOf, makeHistory, nobody } from './interactions.ts';
import { symmetricInverse } from './symmetric_inverse.ts';

/** λ. Of 20, 50, 100, 200, 500, 1000 the best compromise on the validation parts of MovieLens and msweb, never their tests. */
const penalty = 100;

/**
 * score(j) = Σ over i ≠ j in H of Bᵢⱼ, with Bᵢⱼ = −Pᵢⱼ ÷ Pⱼⱼ and P = (XᵀX + λI)⁻¹: the item-to-item weights without a diagonal that
 * best predict X, the users' items in training, from itself. H is as for ItemCF. Of fewer users than items P is never made: by
 * Woodbury's identity P = (I − XᵀK⁻¹X) ÷ λ with K = XXᵀ + λI, as wide as there are users.
 */
export const ease = baseline({
  doc: 'item-to-item weights by ridge regression of each item on all others, summed over the earlier items of the user; λ = 100',
  paper: 'Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019 (equation 8)',
  missing: nobody,
  work({ events, corpus, users }) {
    const size = Math.min(corpus.rows, users.rows);
    return size ** 3 + events.rows * (users.rows < corpus.rows ? size ** 2 : 50 * size);
  },
  prepare(task) {
    const { corpus, users } = task;
    const interactions = interactionsOf(task);
    const historyOf = makeHistory(task, interactions.itemsOf);
    const add =
      users.rows < corpus.rows ? throughUsers(task, interactions, penalty) : throughItems(task, interactions, penalty);
    const sums = new Float64Array(corpus.rows);
    let block = new Float32Array(0);
    let last: Int32Array | undefined;
    return {
      score(rows) {
        if (block.length < rows.length * corpus.rows) block = new Float32Array(rows.length * corpus.rows);
        for (let i = 0; i < rows.length; i++) {
          const history = historyOf(rows[i]!);
          if (history.length !== last?.length || history.some((item, at) => item !== last![at])) {
            sums.fill(0);
            add(history, sums);
          }
          last = history;
          block.set(sums, i * corpus.rows);
        }
        return block;
      },
    };
  },
});

/** Writes the scores of a history of distinct items over zeros. */
type Scores = (history: Int32Array, target: Float64Array) => void;

/** P itself. */
export function throughItems(
  { corpus }: Pick<ScoringTask, 'corpus'>,
  { itemsOf }: Interactions,
  lambda: number,
): Scores {
  const size = corpus.rows;
  const gram = new Float64Array(size * size);
  for (let item = 0; item < size; item++) gram[item * size + item] = lambda;
  for (let user = 0; user + 1 < itemsOf.starts.length; user++) {
    const [from, to] = [itemsOf.starts[user]!, itemsOf.starts[user + 1]!];
    for (let a = from; a < to; a++) {
      const row = itemsOf.values[a]! * size;
      for (let b = from; b < to; b++) gram[row + itemsOf.values[b]!]!++;
    }
  }
  const inverse = symmetricInverse(gram, size);
  return (history, target) => {
    for (const item of history) {
      const row = item * size;
      for (let other = 0; other < size; other++) {
        if (other !== item) target[other]! -= inverse[row + other]! / inverse[other * size + other]!;
      }
    }
  };
}

/** hP = (h − (h Xᵀ) K⁻¹ X) ÷ λ and Pⱼⱼ = (1 − xⱼᵀ K⁻¹ xⱼ) ÷ λ, where xⱼ are the users of item j. */
export function throughUsers(
  { corpus, users }: Pick<ScoringTask, 'corpus' | 'users'>,
  { itemsOf, usersOf }: Interactions,
  lambda: number,
): Scores {
  const size = users.rows;
  const kernel = kernelInverse(size, corpus.rows, usersOf, lambda);
  const pivots = Float64Array.from({ length: corpus.rows }, (_, item) => {
    const [from, to] = [usersOf.starts[item]!, usersOf.starts[item + 1]!];
    let explained = 0;
    for (let a = from; a < to; a++) {
      for (let b = from; b < to; b++) explained += kernel[usersOf.values[a]! * size + usersOf.values[b]!]!;
    }
    return 1 - explained;
  });
  const shared = new Float64Array(size);
  const weights = new Float64Array(size);
  return (history, target) => {
    shared.fill(0);
    for (const item of history) {
      for (let at = usersOf.starts[item]!; at < usersOf.starts[item + 1]!; at++) shared[usersOf.values[at]!]!++;
    }
    weights.fill(0);
    for (let user = 0; user < size; user++) {
      const share = shared[user]!;
      if (share === 0) continue;
      for (let other = 0; other < size; other++) weights[other]! += share * kernel[user * size + other]!;
    }
    for (let user = 0; user < size; user++) {
      for (let at = itemsOf.starts[user]!; at < itemsOf.starts[user + 1]!; at++) {
        target[itemsOf.values[at]!]! += weights[user]!;
      }
    }
    // Without the term i = j, which is xⱼᵀ K⁻¹ xⱼ.
    for (const item of history) target[item]! += pivots[item]! - 1;
    for (let item = 0; item < target.length; item++) target[item]! /= pivots[item]!;
  };
}

function kernelInverse(size: number, items: number, usersOf: Interactions['usersOf'], lambda: number): Float64Array {
  const kernel = new Float64Array(size * size);
  for (let user = 0; user < size; user++) kernel[user * size + user] = lambda;
  for (let item = 0; item < items; item++) {
    const [from, to] = [usersOf.starts[item]!, usersOf.starts[item + 1]!];
    for (let a = from; a < to; a++) {
      const row = usersOf.values[a]! * size;
      for (let b = from; b < to; b++) kernel[row + usersOf.values[b]!]!++;
    }
  }
  return symmetricInverse(kernel, size);
}
