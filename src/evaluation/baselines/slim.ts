import { type Training, tuned } from './baseline.ts';
import { pairs } from './interactions.ts';
import { collect, summed, transposed, type Weights } from './neighbours.ts';

export interface SlimSetting {
  readonly [name: string]: number;
  readonly l1: number;
  readonly l2: number;
}

/** Rounds over all weights of one item, at most, and over those above 0 after each; and the change below which they end earlier. */
const rounds = 20;
const innerRounds = 10;
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
  *fit(training, settings) {
    for (const weights of slimWeights(training, settings)) yield summed(transposed(weights));
  },
  steps({ items, itemsOf, usersOf, users }) {
    const perUser = itemsOf.values.length / Math.max(1, users);
    // An item shares users with at most as many items as it shares pairs; each round sums over the users of those.
    let sums = 0;
    for (let item = 0; item < items; item++) {
      const own = usersOf.starts[item + 1]! - usersOf.starts[item]!;
      sums += Math.min(itemsOf.values.length, own * perUser * perUser * 4);
    }
    return pairs(itemsOf) + 16 * sums;
  },
  eventSteps: ({ items, itemsOf, users }) => items + 200 * (itemsOf.values.length / Math.max(1, users)),
  bytes: ({ items }) => 12 * items * Math.min(items, 500) * 8,
});

/**
 * By setting: row j holds wⱼ. After a round over all weights those above 0 go on alone for some rounds. Each setting begins at 0, so that its weights do not depend on the others.
 */
export function slimWeights(
  { users, items, itemsOf, usersOf }: Training,
  settings: readonly SlimSetting[],
  { most = rounds, change = enough }: { readonly most?: number; readonly change?: number } = {},
): readonly Weights[] {
  const { starts, values } = usersOf;
  const rest = new Float64Array(users);
  const shared = new Int32Array(items);
  const weights = new Float64Array(items);
  const reached = new Int32Array(items);
  const picked = new Int32Array(items);
  const hasMoved = new Uint8Array(items);
  const found = settings.map(() => collect(items));

  /** One round over these items; the largest change. */
  const descend = (columns: Int32Array, { l1, l2 }: SlimSetting): number => {
    let moved = 0;
    for (let at = 0; at < columns.length; at++) {
      const item = columns[at]!;
      const [first, end] = [starts[item]!, starts[item + 1]!];
      const before = weights[item]!;
      let slope = 0;
      for (let of = first; of < end; of++) slope += rest[values[of]!]!;
      const after = Math.max(0, slope + before * (end - first) - l1) / (end - first + l2);
      const step = after - before;
      if (step === 0) continue;
      for (let of = first; of < end; of++) rest[values[of]!]! -= step;
      weights[item] = after;
      hasMoved[item] = 1;
      moved = Math.max(moved, Math.abs(step));
    }
    return moved;
  };
  const above = (columns: Int32Array): Int32Array => {
    let length = 0;
    for (let at = 0; at < columns.length; at++) if (weights[columns[at]!]! > 0) picked[length++] = columns[at]!;
    return picked.subarray(0, length);
  };

  for (let row = 0; row < items; row++) {
    let length = 0;
    for (let at = starts[row]!; at < starts[row + 1]!; at++) {
      rest[values[at]!] = 1;
      for (let of = itemsOf.starts[values[at]!]!; of < itemsOf.starts[values[at]! + 1]!; of++) {
        const item = itemsOf.values[of]!;
        if (shared[item]!++ === 0 && item !== row) reached[length++] = item;
      }
    }
    const columns = reached.subarray(0, length);
    settings.forEach((setting, at) => {
      // The sum over the users of an item is how many of them it shares, and no weight raises it: the weights of the others stay 0.
      const candidates = columns.filter((item) => shared[item]! > setting.l1);
      for (let round = 0; round < most && descend(candidates, setting) > change; round++) {
        const moving = above(candidates);
        for (let inner = 0; inner < innerRounds && descend(moving, setting) > change; inner++);
      }
      found[at]!.add(above(candidates), weights);
      for (const item of candidates) {
        if (!hasMoved[item]) continue;
        for (let of = starts[item]!; of < starts[item + 1]!; of++) rest[values[of]!] = 0;
        weights[item] = hasMoved[item] = 0;
      }
      for (let of = starts[row]!; of < starts[row + 1]!; of++) rest[values[of]!] = 1;
    });
    for (let at = starts[row]!; at < starts[row + 1]!; at++) rest[values[at]!] = 0;
    for (const item of columns) shared[item] = 0;
    shared[row] = 0;
  }
  return found.map((rows) => rows.weights());
}
