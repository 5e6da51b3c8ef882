import { KernelSpace } from '../../embedding/kernel_memory.ts';
import { defineTuned, pairCount, type TrainingInteractions } from './baseline.ts';
import { makeCollector, sumWeights, transposeWeights, type Weights } from './item_to_item.ts';

type SlimSetting = Readonly<Record<'l1' | 'l2', number>>;

/** Ordered from the weakest penalties to the strongest. */
const allSettings: readonly SlimSetting[] = [0.1, 1].flatMap((l1) => [1, 20, 100].map((l2) => ({ l1, l2 })));

/** Maximum rounds over all weights of one item, maximum rounds over the weights above 0 before each of them, and the change below which rounds end early. */
const outerRounds = 20;
const innerRounds = 10;
const minChange = 1e-4;

/**
 * score(j) = Σ over i in H of wᵢⱼ, with wⱼ ≥ 0 and wⱼⱼ = 0 that minimize ½ ‖xⱼ − X wⱼ‖² + l2 ÷ 2 ‖wⱼ‖² + l1 Σ wᵢⱼ, by coordinate descent
 * (Friedman et al. 2010). An item that shares no user with j has weight 0 at the minimum: its slope is at least l1.
 */
export const slim = defineTuned<SlimSetting>({
  doc: 'sparse item-to-item weights, none below 0, by an elastic net of each item on all others, summed over what the user had before',
  paper: 'Ning & Karypis, "SLIM: sparse linear methods for top-N recommender systems", ICDM 2011',
  settings: allSettings,
  defaultSetting: 4,
  weighsHistory: true,
  *fitSettings(training, settings) {
    const indexIn = (list: readonly SlimSetting[], { l1, l2 }: SlimSetting): number =>
      list.findIndex((setting) => setting.l1 === l1 && setting.l2 === l2);
    const firstSetting = allSettings.findIndex((setting) => indexIn(settings, setting) !== -1);
    const settingPath = firstSetting === -1 ? settings : allSettings.slice(firstSetting);
    const weights = slimWeights(training, settingPath);
    for (const setting of settings) yield sumWeights(transposeWeights(weights[indexIn(settingPath, setting)]!));
  },
  steps({ items, itemsOf, usersOf, users }) {
    const perUser = itemsOf.values.length / Math.max(1, users);
    // The items that share users with an item are at most as many as its pairs; each round sums over the users of these items.
    let sharedSum = 0;
    for (let item = 0; item < items; item++) {
      const ownUsers = usersOf.starts[item + 1]! - usersOf.starts[item]!;
      sharedSum += Math.min(itemsOf.values.length, ownUsers * perUser * perUser * 4);
    }
    return pairCount(itemsOf) + 6 * sharedSum;
  },
  eventSteps: ({ items, itemsOf, users }) => items + 200 * (itemsOf.values.length / Math.max(1, users)),
  bytes: ({ items }) => 12 * items * Math.min(items, 500) * 8,
});

/**
 * Returns the weights for each setting: row j holds wⱼ. The settings form one path, from the last to the first: each begins with the result of the one after it
 * (Friedman et al. 2010, section 2.5), so the weights of a setting do not depend on the settings before it. Before each round over all weights, those above 0
 * get some rounds alone.
 */
export function slimWeights(
  { users, items, itemsOf, usersOf }: TrainingInteractions,
  settings: readonly SlimSetting[],
  { maxRounds = outerRounds, change = minChange }: { readonly maxRounds?: number; readonly change?: number } = {},
): readonly Weights[] {
  const { starts, values } = usersOf;
  const { residual, weights, runRound } = makeDescent(usersOf, users);
  const sharedUsers = new Int32Array(items);
  const reachedItems = new Int32Array(items);
  const collectors = settings.map(() => makeCollector(items));
  const isAbove = (item: number): boolean => weights[item]! > 0;

  for (let row = 0; row < items; row++) {
    let reachedCount = 0;
    for (let index = starts[row]!; index < starts[row + 1]!; index++) {
      residual[values[index]!] = 1;
      for (let entry = itemsOf.starts[values[index]!]!; entry < itemsOf.starts[values[index]! + 1]!; entry++) {
        const item = itemsOf.values[entry]!;
        if (sharedUsers[item]!++ === 0 && item !== row) reachedItems[reachedCount++] = item;
      }
    }
    const reachedColumns = reachedItems.subarray(0, reachedCount);
    for (let index = settings.length - 1; index >= 0; index--) {
      const { l1, l2 } = settings[index]!;
      // The slope of an item is at most the number of users that it shares, and no weight raises it, so other weights stay 0.
      const candidates = reachedColumns.filter((item) => sharedUsers[item]! > l1 || isAbove(item));
      for (let outer = 0; outer < maxRounds; outer++) {
        const aboveZero = candidates.filter(isAbove);
        for (let inner = 0; inner < innerRounds && runRound(aboveZero, l1, l2) > change; inner++);
        if (runRound(candidates, l1, l2) <= change) break;
      }
      collectors[index]!.add(candidates.filter(isAbove), weights);
    }
    residual.fill(0);
    for (const item of reachedColumns) sharedUsers[item] = weights[item] = 0;
    sharedUsers[row] = 0;
  }
  return collectors.map((rows) => rows.weights());
}

/**
 * Prepares coordinate descent on a sparse matrix of ones, in a memory of its own.
 * @param ones column j has ones in rows `values[starts[j] … starts[j + 1])`, each of them below `rows`
 */
export function makeDescent(ones: { readonly starts: Int32Array; readonly values: Int32Array }, rows: number) {
  const space = new KernelSpace();
  const columns = ones.starts.length - 1;
  const starts = space.allocate(4 * ones.starts.length);
  const values = space.allocate(4 * ones.values.length);
  const residual = space.allocate(8 * rows);
  const weights = space.allocate(8 * columns);
  const list = space.allocate(4 * columns);
  space.integers(starts, ones.starts.length).set(ones.starts);
  space.integers(values, ones.values.length).set(ones.values);
  const codeList = space.integers(list, columns);
  return {
    /** The residual: the target minus the sum of the weighted columns. One number per row of the matrix, initially 0. */
    residual: space.doubles(residual, rows),
    /** One number per column, initially 0. */
    weights: space.doubles(weights, columns),
    /**
     * Takes one round over these columns: sets each weight in turn to the value that, with the other weights fixed, minimizes ½ ‖residual‖² + l2 ÷ 2 ‖weights‖²
     * + l1 Σ weights, with no weight below 0. Returns the largest change.
     */
    runRound(chosenColumns: Int32Array, l1: number, l2: number): number {
      codeList.set(chosenColumns);
      const ofMatrix = [starts.pointer, values.pointer, residual.pointer, weights.pointer] as const;
      return space.kernels.descend(list.pointer, chosenColumns.length, ...ofMatrix, l1, l2);
    },
  };
}
