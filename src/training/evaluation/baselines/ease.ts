import type { Product } from '../../scoring/matrix_product.ts';
import {
  defineTuned,
  type HistoryScores,
  type Interactions,
  pairCount,
  settingsTried,
  type TrainingInteractions,
} from './baseline.ts';
import {
  addTo,
  evenTile,
  invertedRows,
  invertStrips,
  makeStrips,
  type RowOf,
  symmetricInverse,
} from './symmetric_inverse.ts';

/** Assumed speed of an engine's matrix products relative to plain code. The guess errs towards slow engines. */
const engineGain = 80;
/** Widest matrix that plain code inverts, in double precision; wider ones are inverted in tiles, in single precision. */
const plainSize = 1024;
/** Maximum rows of a tile: engines do not get faster with more. They are slower at powers of two, where rows share cache lines. */
const maxTile = 1000;
/** Widest matrix that is inverted for each setting. */
const widestTried = 4096;
/** Number of items that choose λ for a wider matrix. On Last.fm and Toys they choose the same setting as all items, or the one next to it. */
const choosingItems = 2048;

/**
 * score(j) = Σ over i ≠ j in H of Bᵢⱼ, with Bᵢⱼ = −Pᵢⱼ ÷ Pⱼⱼ and P = (XᵀX + λI)⁻¹: the item-to-item weights without a diagonal that best predict X, the users'
 * items in training, from itself. If there are fewer users than items, P is never computed: by Woodbury's identity P = (I − XᵀK⁻¹X) ÷ λ with K = XXᵀ + λI,
 * which is as wide as there are users.
 */
export const ease = defineTuned<Readonly<Record<'λ', number>>>({
  doc: 'item-to-item weights by ridge regression of each item on all others, summed over what the user had before',
  paper: 'Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019 (equation 8)',
  settings: [20, 50, 100, 250, 500, 1000].map((λ) => ({ λ })),
  defaultSetting: 2,
  weighsHistory: true,
  async *fitSettings(training, settings, product) {
    const scoresThrough = training.users < training.items ? throughUsers : throughItems;
    for (const { λ } of settings) yield await scoresThrough(training, λ, product);
  },
  choosesAmong: (training) => (sizeOf(training) > widestTried ? choosingItems : undefined),
  steps: (training) =>
    sizeOf(training) > widestTried
      ? inverseSteps(sizeOf(training)) + settingsTried * inverseSteps(choosingItems) + 2 * pairCount(training.itemsOf)
      : settingsTried * (inverseSteps(sizeOf(training)) + pairCount(training.itemsOf)),
  eventSteps: ({ users, items, itemsOf }) => {
    const perUser = itemsOf.values.length / Math.max(1, users);
    return users < items
      ? itemsOf.values.length + users * Math.min(users, 20 * perUser) + items
      : ((perUser + 2) * items) / 3;
  },
  bytes(training) {
    const matrixSize = sizeOf(training);
    if (isPlain(training)) return 8 * 4 * matrixSize ** 2;
    // The inverse, a second one for the best so far if several are tried, and the largest strip before and after a product, here and in the engine.
    return 4 * ((matrixSize > widestTried ? 1 : 2) * matrixSize ** 2 + 6 * matrixSize * Math.min(matrixSize, maxTile));
  },
});

/** One step of plain code for each of size³ products in double precision; an engine computes half of them, because the matrix is symmetric. */
const inverseSteps = (size: number): number => size ** 3 / (size <= plainSize ? 1 : 2 * engineGain);

const sizeOf = ({ users, items }: TrainingInteractions): number => Math.min(users, items);
const isPlain = (training: TrainingInteractions): boolean => sizeOf(training) <= plainSize;

/** Returns a reader of the rows of (M + λI)⁻¹, where each entry of M counts the lists that contain both its row and its column. */
async function inverseOf(
  { starts, values }: TrainingInteractions['itemsOf'],
  size: number,
  lambda: number,
  product: Product,
): Promise<RowOf> {
  const countPairs = (add: (row: number, column: number) => void): void => {
    for (let list = 0; list + 1 < starts.length; list++) {
      for (let a = starts[list]!; a < starts[list + 1]!; a++) {
        for (let b = starts[list]!; b <= a; b++) add(values[a]!, values[b]!);
      }
    }
  };
  if (size <= plainSize) {
    const matrix = new Float64Array(size * size);
    for (let row = 0; row < size; row++) matrix[row * size + row] = lambda;
    countPairs((row, column) => matrix[row * size + column]!++);
    const inverse = symmetricInverse(matrix, size);
    return (row) => inverse.subarray(row * size, (row + 1) * size);
  }
  const strips = makeStrips(size, evenTile(size, maxTile));
  for (let row = 0; row < size; row++) addTo(strips, row, row, lambda);
  countPairs((row, column) => addTo(strips, row, column, 1));
  await invertStrips(strips, product);
  return invertedRows(strips);
}

export async function throughItems(
  training: TrainingInteractions,
  lambda: number,
  product: Product,
): Promise<HistoryScores> {
  const itemCount = training.items;
  const rowOf = await inverseOf(training.itemsOf, itemCount, lambda, product);
  const pivots = Float64Array.from({ length: itemCount }, (_, item) => rowOf(item)[item]!);
  return (history, target, _user, weights) => {
    for (let i = 0; i < history.length; i++) {
      const item = history[i]!;
      const row = rowOf(item);
      const weight = weights ? weights[i]! : 1;
      for (let other = 0; other < itemCount; other++) target[other]! -= weight * row[other]!;
      // Removes the term i = j.
      target[item]! += weight * pivots[item]!;
    }
    for (let other = 0; other < itemCount; other++) target[other]! /= pivots[other]!;
  };
}

/** hP = (h − (h Xᵀ) K⁻¹ X) ÷ λ and Pⱼⱼ = (1 − xⱼᵀ K⁻¹ xⱼ) ÷ λ, where xⱼ are the users of item j. */
export async function throughUsers(
  { users: size, items, itemsOf, usersOf }: TrainingInteractions,
  lambda: number,
  product: Product,
): Promise<HistoryScores> {
  const kernel = await inverseOf(usersOf, size, lambda, product);
  const pivots = Float64Array.from({ length: items }, (_, item) => {
    const [from, to] = [usersOf.starts[item]!, usersOf.starts[item + 1]!];
    let explainedPart = 0;
    for (let a = from; a < to; a++) {
      const row = kernel(usersOf.values[a]!);
      for (let b = from; b < to; b++) explainedPart += row[usersOf.values[b]!]!;
    }
    return 1 - explainedPart;
  });
  const weightsOf = makeUserWeights(kernel, lambda, { itemsOf, usersOf });
  return (history, target, user, historyWeights) => {
    const weights = weightsOf(history, user, historyWeights);
    for (let user = 0; user < size; user++) {
      const weight = weights[user]!;
      for (let index = itemsOf.starts[user]!; index < itemsOf.starts[user + 1]!; index++) {
        target[itemsOf.values[index]!]! += weight;
      }
    }
    // Removes the term i = j, which is xⱼᵀ K⁻¹ xⱼ.
    for (let i = 0; i < history.length; i++) {
      const item = history[i]!;
      target[item]! += (historyWeights ? historyWeights[i]! : 1) * (pivots[item]! - 1);
    }
    for (let item = 0; item < target.length; item++) target[item]! /= pivots[item]!;
  };
}

/**
 * Returns a function that computes (h Xᵀ) K⁻¹ of a history, in memory that the next call may overwrite: the sum of the rows of K⁻¹ over the users of its items.
 * For the items of training user u the result is known without a sum: XXᵀ = K − λI, so row u of XXᵀ K⁻¹ is row u of I − λK⁻¹. The sum begins there or at the
 * last history, which often belongs to the same user, whichever leaves fewer items to add. Items with weights are always added.
 */
function makeUserWeights(
  kernel: RowOf,
  lambda: number,
  { itemsOf, usersOf }: Interactions,
): (history: Int32Array, user: number, weights?: Float64Array) => Float64Array {
  const userCount = itemsOf.starts.length - 1;
  const shareOfUser = new Map<number, number>();
  const userWeights = new Float64Array(userCount);
  let lastHistory = new Int32Array(0);
  const addShares = (items: Iterable<number>, shareOf: (index: number) => number): void => {
    let i = 0;
    for (const item of items) {
      const weight = shareOf(i++);
      for (let index = usersOf.starts[item]!; index < usersOf.starts[item + 1]!; index++) {
        const user = usersOf.values[index]!;
        shareOfUser.set(user, (shareOfUser.get(user) ?? 0) + weight);
      }
    }
  };
  const addWeightedRows = (sums: Float64Array): void => {
    for (const [user, share] of shareOfUser) {
      if (share === 0) continue;
      const row = kernel(user);
      for (let other = 0; other < userCount; other++) sums[other]! += share * row[other]!;
    }
  };
  return (history, user, weights) => {
    if (weights) {
      const sums = new Float64Array(userCount);
      shareOfUser.clear();
      addShares(history, (index) => weights[index]!);
      addWeightedRows(sums);
      return sums;
    }
    const ownItems = user < 0 ? [] : itemsOf.values.subarray(itemsOf.starts[user]!, itemsOf.starts[user + 1]!);
    const [fromOwn, fromLast] = [itemDifferences(ownItems, history), itemDifferences(lastHistory, history)];
    const nearestStart = fromLast.count < fromOwn.count ? fromLast : fromOwn;
    lastHistory = Int32Array.from(history);
    if (nearestStart === fromOwn) {
      userWeights.fill(0);
      if (ownItems.length > 0) {
        const row = kernel(user);
        for (let other = 0; other < userCount; other++) userWeights[other] = -lambda * row[other]!;
        userWeights[user]! += 1;
      }
    }
    shareOfUser.clear();
    addShares(nearestStart.added, () => 1);
    addShares(nearestStart.removed, () => -1);
    addWeightedRows(userWeights);
    return userWeights;
  };
}

/** Returns the items that are only in `to`, and those that are only in `from`. */
function itemDifferences(
  from: Iterable<number>,
  to: Int32Array,
): { added: Int32Array; removed: Set<number>; count: number } {
  const leftItems = new Set(from);
  const newItems = to.filter((item) => !leftItems.delete(item));
  return { added: newItems, removed: leftItems, count: newItems.length + leftItems.size };
}
