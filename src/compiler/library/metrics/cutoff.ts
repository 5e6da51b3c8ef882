import type { ItemElements, TiedGroup } from '../contract.ts';
import { column, integer } from '../parameters.ts';

/** The only parameter of metrics of the first k positions. */
export const cutoff = {
  k: integer({ min: 1, positional: true, doc: 'How many places from the top are looked at.', default: 10 }),
};

/** Returns the probability that an item of the group is among the first k with ties in any order: its position is uniform in better + 1 … better + size. */
function withinFirst(k: number, { better, size }: Pick<TiedGroup, 'better' | 'size'>): number {
  return Math.min(1, Math.max(0, (k - better) / size));
}

/** The parameter of metrics that compare the values of items. */
export const elementColumn = column({
  required: true,
  positional: true,
  doc: 'A column of the items file, or one that the data block computes from it: one value for each item, or a list of them.',
});

export const elementsAt = ({ starts, ends, values }: ItemElements, item: number): Int32Array =>
  values.subarray(starts[item]!, ends[item]!);

/** Returns the mean of a number over the items of a list. */
export const meanOver = (list: Int32Array, of: (item: number) => number): number =>
  list.reduce((sum, item) => sum + of(item), 0) / list.length;

/** Returns the mean number of held-out items among the first k over all orders of ties. */
export function hitsWithin(k: number, groups: readonly TiedGroup[]): number {
  return groups.reduce((sum, group) => sum + group.heldOutCount * withinFirst(k, group), 0);
}
