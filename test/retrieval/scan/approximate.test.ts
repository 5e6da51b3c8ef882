/** What an index answers and what it leaves to the scan. The index here is the scan without some rows, so that it is known what it misses. */
import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import {
  type ApproximateIndex,
  type RecallGauge,
  recallOf,
  type SearchRequest,
  searchAll,
} from '../../../src/retrieval/scan/approximate.ts';
import { Bits } from '../../../src/retrieval/scan/bits.ts';
import { makeScan } from '../../../src/retrieval/scan/scan.ts';

const random = makeRandom(8);
const [rows, width] = [2000, 8];
const vectors = Float32Array.from({ length: rows * width }, () => random.next() - 0.5);
const scan = makeScan(vectors, rows, width);
const query = (): Float64Array => Float64Array.from({ length: width }, () => Math.fround(random.next() - 0.5));

/** Knows all rows without those of `missed`, for up to 10 items, and leaves filters to the scan. */
function indexOf(missed: (row: number) => boolean = () => false, gauge?: RecallGauge): ApproximateIndex {
  return {
    search({ vectors: queries, k, allowed, isFiltered }) {
      if (k > 10 || isFiltered) return undefined;
      const known = onlyRows((row) => !missed(row) && (allowed?.has(row) ?? true));
      return scan.top([{ vectors: queries, k, allowed: known }])[0];
    },
    ...(gauge && { gauge }),
  };
}

const onlyRows = (keep: (row: number) => boolean): Bits => {
  const bits = new Bits(rows);
  for (let row = 0; row < rows; row++) if (keep(row)) bits.add(row);
  return bits;
};

describe('a search with an index', () => {
  it('has the scores and the order of the scan, and says that it is not proved', () => {
    const requests = Array.from({ length: 20 }, (): SearchRequest => ({ vectors: [query()], k: 10 }));
    const answers = searchAll(scan, indexOf(), requests);
    scan.top(requests).forEach((exact, i) => {
      expect(answers[i]).toEqual({ ...exact, exact: false });
    });
  });

  it('misses what the index misses', () => {
    const request = { vectors: [query()], k: 10 };
    const [exact] = scan.top([request]);
    const best = exact!.rows[0]!;
    const [answer] = searchAll(
      scan,
      indexOf((row) => row === best),
      [request],
    );
    expect([...answer!.rows]).not.toContain(best);
    expect(recallOf(answer!, exact!)).toBeCloseTo(0.9, 12);
  });

  it('counts an item with the score of the last of the best as one of them', () => {
    const exact = { rows: Int32Array.of(1, 2), scores: Float64Array.of(3, 2) };
    expect(recallOf({ rows: Int32Array.of(1, 7), scores: Float64Array.of(3, 2) }, exact)).toBe(1);
    expect(recallOf({ rows: Int32Array.of(1, 7), scores: Float64Array.of(3, 1) }, exact)).toBe(0.5);
    expect(recallOf({ rows: new Int32Array(0), scores: new Float64Array(0) }, exact)).toBe(0);
  });

  it.each<[string, Partial<SearchRequest>]>([
    ['the index leaves it: there is a filter', { isFiltered: true, allowed: onlyRows((row) => row % 100 === 0) }],
    ['the index leaves it: more is asked for than it is certified for', { k: 11 }],
    ['it must be exact', { exactly: true }],
  ])('is that of the scan where %s', (_, change) => {
    const request = { vectors: [query()], k: 10, ...change };
    const [answer] = searchAll(
      scan,
      indexOf(() => random.next() < 0.5),
      [request],
    );
    expect(answer).toEqual(scan.top([request])[0]);
  });

  it('gives the answers of several requests in their order', () => {
    const requests = Array.from({ length: 12 }, (_, i) => ({ vectors: [query()], k: i % 3 === 0 ? 11 : 5 }));
    const answers = searchAll(scan, indexOf(), requests);
    const exact = scan.top(requests);
    answers.forEach((answer, i) => {
      expect(answer).toEqual(i % 3 === 0 ? exact[i] : { ...exact[i], exact: false });
    });
  });

  it('offers its answers to the gauge, and no others', () => {
    const offered: number[] = [];
    const gauge = { checked: 0, recall: Number.NaN, offer: (recall: () => number) => void offered.push(recall()) };
    searchAll(scan, indexOf(undefined, gauge), [
      { vectors: [query()], k: 10 },
      { vectors: [query()], k: 11 },
    ]);
    expect(offered).toEqual([1]);
  });
});
