import { defineTuned, pairCount, type RowLists, type TrainingInteractions } from './baseline.ts';
import { groupSettings, makeCollector, makePicker, sumWeights, type Weights } from './item_to_item.ts';

type Rp3betaSetting = Readonly<Record<'α' | 'β', number>>;

const keptItems = 200;

/**
 * score(j) = Σ over i in H of w(i, j), with w(i, j) = Σ over v in U(i) ∩ U(j) of (1 ÷ |U(i)|)^α (1 ÷ |I(v)|)^α ÷ |U(j)|^β: the chance of a random walk from a
 * user over an item and another user to j, with its probabilities to the power of α, divided by a power of the popularity of j. The first step is equally
 * likely for all items of a user, and does not influence the ranking.
 */
export const rp3beta = defineTuned<Rp3betaSetting>({
  doc: 'chance of a random walk from the user over an item and another user to each item, divided by a power of its popularity',
  paper: 'Paudel et al., TiiS 2017; Christoffel et al., "Blockbusters and wallflowers", RecSys 2015',
  settings: [0.4, 0.8].flatMap((α) => [0, 0.2, 0.5].map((β) => ({ α, β }))),
  defaultSetting: 4,
  weighsHistory: true,
  *fitSettings(training, settings) {
    for (const weights of rp3betaWeights(training, settings, keptItems)) yield sumWeights(weights);
  },
  steps: ({ itemsOf }) => 20 * pairCount(itemsOf),
  eventSteps: ({ items, itemsOf, users }) => items + keptItems * (itemsOf.values.length / Math.max(1, users)),
  bytes: ({ items }) => 12 * items * Math.min(items, keptItems) * 8,
});

/** Returns the weights for each setting: row i holds the k largest w(i, j). Settings with the same α share one walk. */
export function rp3betaWeights(
  { items, itemsOf, usersOf }: TrainingInteractions,
  settings: readonly Rp3betaSetting[],
  k: number,
): readonly Weights[] {
  const countOf = ({ starts }: RowLists, row: number): number => starts[row + 1]! - starts[row]!;
  const degreePowers = (lists: RowLists, power: number): Float64Array =>
    Float64Array.from({ length: lists.starts.length - 1 }, (_, index) => countOf(lists, index) ** power);
  const collectors = settings.map(({ β }) => ({ lessPopular: degreePowers(usersOf, -β), rows: makeCollector(items) }));
  const alphaGroups = [...groupSettings(settings, 'α')].map(([α, settingIndexes]) => ({
    settingIndexes,
    backFactors: degreePowers(itemsOf, -α),
    firstFactors: degreePowers(usersOf, -α),
  }));
  const walkChance = new Float64Array(items);
  const scaledChance = new Float64Array(items);
  const reachedItems = new Int32Array(items);
  const pick = makePicker(k);
  for (let row = 0; row < items; row++) {
    for (const { settingIndexes, backFactors, firstFactors } of alphaGroups) {
      let reachedCount = 0;
      for (let index = usersOf.starts[row]!; index < usersOf.starts[row + 1]!; index++) {
        const user = usersOf.values[index]!;
        const stepChance = firstFactors[row]! * backFactors[user]!;
        for (let entry = itemsOf.starts[user]!; entry < itemsOf.starts[user + 1]!; entry++) {
          const item = itemsOf.values[entry]!;
          if (walkChance[item] === 0) reachedItems[reachedCount++] = item;
          walkChance[item]! += stepChance;
        }
      }
      const reachedColumns = reachedItems.subarray(0, reachedCount);
      for (const setting of settingIndexes) {
        const { lessPopular, rows } = collectors[setting]!;
        for (const item of reachedColumns) scaledChance[item] = walkChance[item]! * lessPopular[item]!;
        scaledChance[row] = 0;
        rows.add(pick(reachedColumns, scaledChance), scaledChance);
      }
      for (const item of reachedColumns) walkChance[item] = 0;
    }
  }
  return collectors.map(({ rows }) => rows.weights());
}
