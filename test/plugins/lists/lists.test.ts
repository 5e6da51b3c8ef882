/** What a search of lists may say: scores of the scan, in its order, of no item that was removed, each item once. */
import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { buildLists } from '../../../src/plugins/lists/index_lists.ts';
import { prepareLists } from '../../../src/plugins/lists/lists.ts';
import { recallOf } from '../../../src/retrieval/scan/approximate.ts';
import { Bits } from '../../../src/retrieval/scan/bits.ts';
import { makeScan } from '../../../src/retrieval/scan/scan.ts';

const random = makeRandom(5);
const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
const wide = 10;

describe.each([8, 13, 64])('a search of lists of vectors of %i numbers', (width) => {
  const rows = 6000;
  const centres = Float64Array.from({ length: 40 * width }, gaussian);
  const data = Float32Array.from({ length: rows * width }, (_, at) => {
    const topic = Math.floor(at / width) % 40;
    return centres[topic * width + (at % width)]! + 0.6 * gaussian();
  });
  // Equal items, which have no offset from each other.
  for (let row = 100; row < 140; row++) data.copyWithin(row * width, 99 * width, 100 * width);
  const scan = makeScan(data, rows, width);
  const query = (): Float64Array => Float64Array.from({ length: width }, () => Math.fround(gaussian()));
  const prepared = buildLists({ data, rows, width }).then((lists) => prepareLists(lists, scan));

  it('finds nearly all of the best, with the scores and the order of the scan', async () => {
    const search = (await prepared)(50, wide);
    let recall = 0;
    for (let trial = 0; trial < 40; trial++) {
      const request = { vectors: [query()], k: 50 };
      const found = search.search(request)!;
      recall += recallOf(found, scan.top([request])[0]!) / 40;
      found.rows.forEach((row, at) => {
        expect(found.scores[at]).toBe(scan.score(request.vectors, row));
        if (at > 0) expect(found.scores[at - 1]!).toBeGreaterThanOrEqual(found.scores[at]!);
      });
    }
    expect(recall).toBeGreaterThan(0.99);
  });

  it('gives each item of several vectors once, by its best score', async () => {
    const search = (await prepared)(30, wide);
    let recall = 0;
    for (let trial = 0; trial < 20; trial++) {
      const one = query();
      const request = { vectors: [one, one.map((each) => each + 0.3 * gaussian()), query()], k: 30 };
      const found = search.search(request)!;
      expect(new Set(found.rows).size).toBe(30);
      found.rows.forEach((row, at) => {
        expect(found.scores[at]).toBe(scan.score(request.vectors, row));
      });
      recall += recallOf(found, scan.top([request])[0]!) / 20;
    }
    expect(recall).toBeGreaterThan(0.99);
  });

  it('leaves removed items out and finds others in their place', async () => {
    const search = (await prepared)(20, wide);
    for (let trial = 0; trial < 20; trial++) {
      const vectors = [query()];
      const allowed = Bits.all(rows);
      for (const row of scan.top([{ vectors, k: 200 }])[0]!.rows) if (random.next() < 0.7) allowed.delete(row);
      const found = search.search({ vectors, k: 20, allowed })!;
      expect(found.rows).toHaveLength(20);
      expect([...found.rows].every((row) => allowed.has(row))).toBe(true);
    }
  });

  it('answers a query of zeros, and leaves filters and a larger k to the scan', async () => {
    const search = (await prepared)(20, wide);
    const found = search.search({ vectors: [new Float64Array(width)], k: 20 })!;
    expect([...found.scores]).toEqual(new Array(20).fill(0));
    expect(search.search({ vectors: [query()], k: 21 })).toBeUndefined();
    expect(search.search({ vectors: [query()], k: 0 })).toBeUndefined();
    expect(search.search({ vectors: [query()], k: 5, allowed: Bits.all(rows), isFiltered: true })).toBeUndefined();
  });
});
