import { defineTuned, pairCount, type TrainingInteractions } from './baseline.ts';
import {
  groupSettings,
  makeCollector,
  makePicker,
  sumWeights,
  transposeWeights,
  type Weights,
} from './item_to_item.ts';

type ItemKnnSetting = Readonly<Record<'k' | 'shrink', number>>;

/**
 * score(j) = Σ over i in H ∩ N(j) of s(i, j), with s(i, j) = |U(i) ∩ U(j)| ÷ (√(|U(i)| |U(j)|) + shrink), and N(j) the k items most
 * similar to j. The shrinkage keeps items with few users from being near each other by chance.
 */
export const itemKnn = defineTuned<ItemKnnSetting>({
  doc: 'cosine similarity, shrunk towards 0 where users are few, of each item’s k nearest that the user had before, summed',
  paper: 'Deshpande & Karypis, TOIS 2004; Ferrari Dacrema et al., RecSys 2019 (shrinkage)',
  settings: [20, 100].flatMap((k) => [0, 20, 100].map((shrink) => ({ k, shrink }))),
  defaultSetting: 4,
  weighsHistory: true,
  *fitSettings(training, settings) {
    for (const weights of itemKnnWeights(training, settings)) yield sumWeights(transposeWeights(weights));
  },
  steps: ({ itemsOf }) => 10 * pairCount(itemsOf),
  eventSteps: ({ items, itemsOf, users }) => items + 100 * (itemsOf.values.length / Math.max(1, users)),
  bytes: ({ items }) => 12 * items * Math.min(items, 100) * 8,
});

/** Returns the weights for each setting: row j holds s(i, j) for i in N(j). All settings share one count of the common users of items. */
export function itemKnnWeights(
  { items, itemsOf, usersOf }: TrainingInteractions,
  settings: readonly ItemKnnSetting[],
): readonly Weights[] {
  const userCounts = Int32Array.from({ length: items }, (_, item) => usersOf.starts[item + 1]! - usersOf.starts[item]!);
  const sharedUsers = new Float64Array(items);
  const similarity = new Float64Array(items);
  const reachedItems = new Int32Array(items);
  const collectors = settings.map(({ k }) => ({ pick: makePicker(k), rows: makeCollector(items) }));
  // With equal shrinkage, the nearest items for the largest k contain those for smaller ones.
  const shrinkGroups = [...groupSettings(settings, 'shrink')];
  for (const [, settingIndexes] of shrinkGroups) settingIndexes.sort((a, b) => settings[b]!.k - settings[a]!.k);
  for (let row = 0; row < items; row++) {
    let reachedCount = 0;
    for (let index = usersOf.starts[row]!; index < usersOf.starts[row + 1]!; index++) {
      const user = usersOf.values[index]!;
      for (let entry = itemsOf.starts[user]!; entry < itemsOf.starts[user + 1]!; entry++) {
        const item = itemsOf.values[entry]!;
        if (sharedUsers[item]!++ === 0) reachedItems[reachedCount++] = item;
      }
    }
    sharedUsers[row] = 0;
    const reachedColumns = reachedItems.subarray(0, reachedCount);
    for (const [shrink, settingIndexes] of shrinkGroups) {
      for (let index = 0; index < reachedCount; index++) {
        const item = reachedColumns[index]!;
        similarity[item] = sharedUsers[item]! / (Math.sqrt(userCounts[item]! * userCounts[row]!) + shrink);
      }
      let nearestItems: Int32Array = reachedColumns;
      for (const setting of settingIndexes) {
        const { pick, rows } = collectors[setting]!;
        nearestItems = pick(nearestItems, similarity);
        rows.add(nearestItems, similarity);
      }
    }
    for (let index = 0; index < reachedCount; index++) sharedUsers[reachedColumns[index]!] = 0;
  }
  return collectors.map(({ rows }) => rows.weights());
}
