import { describe, expect, it } from 'vitest';
import { Bits } from '../../../src/retrieval/scan/bits.ts';
import { ItemSums, type ItemWeights, weightsComplaint } from '../../../src/retrieval/scan/item_weights.ts';

/** Four items with the codes 1 to 4, in the rows 3, 2, 1, 0 of a corpus of five; row 4 has no code. Two weights from each item, and a decay of ½. */
const source: ItemWeights = {
  neighbours: Float32Array.of(0, 0, 2, 3, 1, 4, 4, 0, 3, 0),
  weights: Float32Array.of(0, 0, 0.5, 0.25, 1, -0.5, 2, 0, 4, 0),
  events: Float32Array.of(0.5, 4, 2, 1, 0),
  codes: Int32Array.of(4, 3, 2, 1, 0),
  most: 3,
};
const sums = new ItemSums(source);
/** By code, without the share of the events: the fourth number is that of the row 0. */
const byCode = (...codes: number[]): number[] => {
  const scores = sums.weightsOfCodes(codes, 0, codes.length);
  return [3, 2, 1, 0].map((row) => Math.round(1000 * scores[row]!) / 1000);
};

describe('the sum of the weights from the items of a list', () => {
  it('is that of the only item', () => {
    expect(byCode(1)).toEqual([0, 0.5, 0.25, 0]);
    expect(byCode(2)).toEqual([1, 0, 0, -0.5]);
  });

  it('counts an item half as much as the one after it', () => {
    // Item 2 is the latest: 1 · (1 → 1, 4 → −0.5), then ½ · (2 → 0.5, 3 → 0.25).
    expect(byCode(1, 2)).toEqual([1, 0.25, 0.125, -0.5]);
    expect(byCode(2, 1)).toEqual([0.5, 0.5, 0.25, -0.25]);
  });

  it('counts an item once, by its latest place, and nothing that is unknown', () => {
    expect(byCode(2, 1, 2)).toEqual(byCode(1, 2));
    expect(byCode(1, 0, 2)).toEqual(byCode(1, 2));
  });

  it('reads the latest elements alone', () => {
    expect(byCode(4, 1, 2, 3)).toEqual(byCode(1, 2, 3));
  });

  it('orders the items that no weight reaches by their events', () => {
    const scores = sums.weightsOfCodes([], 0, 0);
    expect([...scores].map((score) => Number(score.toPrecision(3)))).toEqual([0, 2.5e-7, 5e-7, 1e-6, 0]);
  });

  it('takes lists out of one array', () => {
    const lists = { starts: [0, 2], ends: [2, 3], values: [1, 2, 1] };
    expect(sums.ofLists(lists, Int32Array.of(1, 0))).toEqual(
      Float32Array.of(...sums.weightsOfCodes([1], 0, 1), ...sums.weightsOfCodes([1, 2], 0, 2)),
    );
  });
});

describe('a scan', () => {
  const scan = sums.scan();
  const query = Float64Array.of(0.1, 0.5, 0.5, -1, 0.3);

  it('ranks by the numbers of the query, and by the row where they are equal', () => {
    const [all, few] = scan.top([
      { vectors: [query], k: 9 },
      { vectors: [query], k: 2, allowed: bits(0, 2, 4) },
    ]);
    expect([...all!.rows]).toEqual([1, 2, 4, 0, 3]);
    expect([...few!.rows]).toEqual([2, 4]);
    expect([...few!.scores]).toEqual([0.5, 0.3]);
  });

  it('takes the better of several queries', () => {
    expect(scan.score([query, query.map((number) => -number)], 3)).toBe(1);
  });

  it('finds items near another one by the weights from it', () => {
    expect([...scan.top([{ vectors: [Float64Array.from(scan.vector(3))], k: 2 }])[0]!.rows]).toEqual([2, 1]);
  });
});

it.each<[string, Partial<ItemWeights>]>([
  ['a weight belongs to no item', { neighbours: Float32Array.of(0, 0, 9, 3, 1, 4, 4, 0, 3, 0) }],
  ['a weight belongs to no item', { neighbours: Float32Array.of(0, 0, 1.5, 3, 1, 4, 4, 0, 3, 0) }],
  ['a weight belongs to no item', { codes: Int32Array.of(4, 3, 7, 1, 0) }],
  ['the decay is 2', { events: Float32Array.of(2, 4, 2, 1, 0) }],
])('weights from elsewhere are refused: %s', (reason, change) => {
  expect(weightsComplaint(source)).toBeUndefined();
  expect(weightsComplaint({ ...source, ...change })).toBe(reason);
});

function bits(...rows: number[]): Bits {
  const set = Bits.all(5).not();
  for (const row of rows) set.add(row);
  return set;
}
