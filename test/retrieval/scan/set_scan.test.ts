/** The exact best of items with several vectors: by codes in the order of what no item exceeds, and by the scores of all. */
import { expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { Bits } from '../../../src/retrieval/scan/bits.ts';
import { makeGrowingSets, makeSetScan } from '../../../src/retrieval/scan/set_scan.ts';

const [rows, perItem, width] = [700, 5, 9];
const random = makeRandom(3);
const data = new Float32Array(rows * perItem * width);
random.fill(data, -1, 1);
for (let vector = 0; vector < rows * perItem; vector++) {
  // Items have up to five vectors, some none, and some the same as the item before.
  const isThere = vector % perItem < Math.floor(vector / perItem) % (perItem + 1);
  const start = vector * width;
  if (!isThere) data.fill(0, start, start + width);
  else if (Math.floor(vector / perItem) % 7 === 3)
    data.copyWithin(start, start - perItem * width, start - perItem * width + width);
  data[start + width - 1] = isThere ? 1 : 0;
}
const items = { data, rows, width, perItem };
const queryOf = (stream: number): Float64Array[] =>
  Array.from({ length: 4 }, (_, index) => {
    const numbers = new Float32Array(width - 1);
    if (index < 3) makeRandom(stream * 10 + index).fill(numbers, -1, 1);
    return Float64Array.of(...numbers, 0);
  });

it.each([
  ['of all', undefined],
  ['of some', (row: number) => row % 3 === 0],
])('finds the best %s as scores of all items do', (_, isAllowed) => {
  const [coded, plain] = [makeSetScan(items), makeSetScan(items, false)];
  const allowed = isAllowed && Bits.all(rows);
  if (allowed) for (let row = 0; row < rows; row++) if (!isAllowed(row)) allowed.delete(row);
  for (let stream = 0; stream < 20; stream++) {
    for (const k of [1, 10, 400]) {
      const request = { vectors: queryOf(stream), k, ...(allowed && { allowed }) };
      expect(coded.top([request])).toEqual(plain.top([request]));
    }
  }
});

it('ranks items that were added as if all had been there from the beginning', () => {
  const growing = makeGrowingSets(width, perItem, rows);
  growing.add(data.subarray(0, 100 * perItem * width));
  const before = growing.firstRows(100);
  growing.add(data.subarray(100 * perItem * width));
  expect(growing.rows).toBe(rows);
  const request = { vectors: queryOf(1), k: 10 };
  expect(growing.firstRows(rows).top([request])).toEqual(makeSetScan(items).top([request]));
  expect(before.top([request])[0]!.rows.every((row) => row < 100)).toBe(true);
});
