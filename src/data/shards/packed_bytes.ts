/** How many bytes all training rows take in piles, before they are there. */
import { madeOf } from '../../plan/plan.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import type { Needs } from '../binding/needs.ts';
import type { Counted } from './count.ts';
import { sidesOfFeatures } from './encode.ts';

/** A little more than it will be: a history is counted as if no two events of a user had the same time. */
export function packedBytes(
  { counts, users, elements }: Pick<Counted, 'counts' | 'users' | 'elements'>,
  needs: Needs,
  wanted: ColumnRequests,
  layout: Layout,
  given: readonly string[],
): number {
  const rows = counts[0]!;
  const sides = sidesOfFeatures(needs, wanted);
  let bytes = rows * (12 + 4 * wanted.labels.size);
  for (const plan of needs.features) {
    const history = layout.histories.get(plan.name);
    const own = wanted.features.get(plan.name);
    const perElement =
      4 *
      (1 +
        Number(plan.through ?? false) +
        Number(wanted.listWeights.has(plan.name)) +
        Number(given.includes(plan.name)));
    if (history) bytes += 4 * rows + perElement * windowsOf(users, history.max, history.kind === 'others');
    else if (sides.has(plan.name)) continue;
    else if (own === undefined || madeOf(plan).length > 0) bytes += 4 * rows;
    else if (own.form === 'vector') bytes += 4 * rows * (own.width ?? 1);
    else if (own.form === 'codes' || own.form === 'numbers') bytes += 4 * rows + perElement * (elements.get(own) ?? 0);
    else bytes += 4 * rows;
  }
  return bytes;
}

/** Elements of all windows of at most `max` events, of users with so many events each. */
function windowsOf(users: Int32Array, max: number, others: boolean): number {
  let sum = 0;
  for (const count of users) {
    if (others) sum += count * Math.min(max, Math.max(0, count - 1));
    else if (count <= max) sum += (count * (count - 1)) / 2;
    else sum += (max * (max - 1)) / 2 + (count - max) * max;
  }
  return sum;
}
