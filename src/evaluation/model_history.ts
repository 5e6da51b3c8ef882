/** The history that a model reads with an event, so that a baseline can read the same. */
import type { Events, IndexedBags } from '../data/dataset.ts';
import type { Plan } from '../plan/plan.ts';

/** What the asking tower reads of items, lists and single ones, as corpus rows: one entry a feature. */
export function itemsGivenBy({ towers }: Plan, { givenItems }: Events): IndexedBags[] {
  return towers[0].features.flatMap((name) => givenItems?.get(name) ?? []);
}

/** One bag an event, of what any of these holds for it, each once; undefined where there are none. */
export function joined(given: readonly IndexedBags[], { rows }: Events): IndexedBags | undefined {
  if (given.length < 2) return given[0];
  const starts = new Int32Array(rows);
  const ends = new Int32Array(rows);
  const values: number[] = [];
  for (let row = 0; row < rows; row++) {
    starts[row] = values.length;
    const held = new Set<number>();
    for (const { bags, index } of given) {
      const bag = index ? index[row]! : row;
      for (let at = bags.starts[bag]!; at < bags.ends[bag]!; at++) held.add(bags.values[at]!);
    }
    for (const item of held) values.push(item);
    ends[row] = values.length;
  }
  return { bags: { kind: 'bags', starts, ends, values: Int32Array.from(values) } };
}
