import { expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { ascendingIndexes } from '../../../src/base/util/ascending_indexes.ts';

it('orders numbers, and leaves equal ones in their order', () => {
  const random = makeRandom(9);
  const values = Float64Array.from(
    { length: 3000 },
    () => [-1e300, -2.5, -0, 0, 7, 1e9 + random.integer(50)][random.integer(6)]!,
  );
  const expected = [...values.keys()].sort((a, b) => values[a]! - values[b]! || a - b);
  expect([...ascendingIndexes(values)]).toEqual(expected);
});
