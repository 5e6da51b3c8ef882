import type { Product } from '../../scoring/product.ts';
import { type HistoryScores, type Training, tuned } from './baseline.ts';
import { addTo, fullMatrix, invertStrips, makeStrips } from './blocked_inverse.ts';
import { pairs } from './interactions.ts';
import { symmetricInverse } from './symmetric_inverse.ts';

export interface EaseSetting {
  readonly [name: string]: number;
  readonly λ: number;
}

/** How many times as fast an engine multiplies matrices as plain code does: a guess that errs towards slow engines. */
const engineGain = 40;
/** Widest matrix that plain code inverts, in double precision; wider ones are swept in tiles, in single precision. */
const plainSize = 1024;
const tile = 512;

/**
 * score(j) = Σ over i ≠ j in H of Bᵢⱼ, with Bᵢⱼ = −Pᵢⱼ ÷ Pⱼⱼ and P = (XᵀX + λI)⁻¹: the item-to-item weights without a diagonal that
 * best predict X, the users' items in training, from itself. Of fewer users than items P is never made: by Woodbury's identity
 * P = (I − XᵀK⁻¹X) ÷ λ with K = XXᵀ + λI, as wide as there are users.
 */
export const ease = tuned<EaseSetting>({
  doc: 'item-to-item weights by ridge regression of each item on all others, summed over what the user had before',
  paper: 'Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019 (equation 8)',
  settings: [20, 50, 100, 250, 500, 1000].map((λ) => ({ λ })),
  usual: 2,
  fit: (training, { λ }, product) =>
    training.users < training.items ? throughUsers(training, λ, product) : throughItems(training, λ, product),
  work: (training) => pairs(training.itemsOf) + sizeOf(training) ** 3 / (isPlain(training) ? 1 : 2 * engineGain),
  eventWork: (training) => (training.users < training.items ? sizeOf(training) ** 2 : 20 * training.items),
  // What is best so far, the strips of the next, which are half a matrix, and the whole of it.
  bytes: (training) => (isPlain(training) ? 8 * 4 : 4 * 2.6) * sizeOf(training) ** 2,
});

const sizeOf = ({ users, items }: Training): number => Math.min(users, items);
const isPlain = (training: Training): boolean => sizeOf(training) <= plainSize;

/** (the matrix of `lists` + λI)⁻¹, row-major: an entry of the matrix is how many lists hold both its row and its column. */
async function inverseOf(
  { starts, values }: Training['itemsOf'],
  size: number,
  lambda: number,
  product: Product,
): Promise<Float64Array | Float32Array> {
  const count = (add: (row: number, column: number) => void): void => {
    for (let list = 0; list + 1 < starts.length; list++) {
      for (let a = starts[list]!; a < starts[list + 1]!; a++) {
        for (let b = starts[list]!; b <= a; b++) add(values[a]!, values[b]!);
      }
    }
  };
  if (size <= plainSize) {
    const matrix = new Float64Array(size * size);
    for (let row = 0; row < size; row++) matrix[row * size + row] = lambda;
    count((row, column) => matrix[row * size + column]!++);
    return symmetricInverse(matrix, size);
  }
  const strips = makeStrips(size, tile);
  for (let row = 0; row < size; row++) addTo(strips, row, row, lambda);
  count((row, column) => addTo(strips, row, column, 1));
  await invertStrips(strips, product);
  return fullMatrix(strips);
}

/** P itself. */
export async function throughItems(training: Training, lambda: number, product: Product): Promise<HistoryScores> {
  const size = training.items;
  const inverse = await inverseOf(training.itemsOf, size, lambda, product);
  return (history, target) => {
    for (const item of history) {
      const row = item * size;
      for (let other = 0; other < size; other++) target[other]! -= inverse[row + other]!;
      // Without the term i = j.
      target[item]! += inverse[row + item]!;
    }
    for (let other = 0; other < size; other++) target[other]! /= inverse[other * size + other]!;
  };
}

/** hP = (h − (h Xᵀ) K⁻¹ X) ÷ λ and Pⱼⱼ = (1 − xⱼᵀ K⁻¹ xⱼ) ÷ λ, where xⱼ are the users of item j. */
export async function throughUsers(
  { users: size, items, itemsOf, usersOf }: Training,
  lambda: number,
  product: Product,
): Promise<HistoryScores> {
  const kernel = await inverseOf(usersOf, size, lambda, product);
  const pivots = Float64Array.from({ length: items }, (_, item) => {
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
