/** The search is widened until enough is found. The index here has a gap that a wide search closes. */
import { describe, expect, it } from 'vitest';
import { certify } from '../../../src/plugins/lists/certificate.ts';
import { recallFigures } from '../../../src/retrieval/scan/approximate.ts';
import { makeScan } from '../../../src/retrieval/scan/scan.ts';

const rows = 1000;
/** Vectors of one number: row r has the score r. */
const scan = makeScan(
  Float32Array.from({ length: rows }, (_, row) => row),
  rows,
  1,
);
/** The best rows, without the first `gap` ones. */
const bestAfter = (gap: number, count: number) => ({
  rows: Int32Array.from({ length: count }, (_, i) => rows - 1 - gap - i),
  scores: Float64Array.from({ length: count }, (_, i) => rows - 1 - gap - i),
});
const queries = [[Float64Array.of(1)], [Float64Array.of(1)]];

describe('a certificate', () => {
  it('is of the narrowest search that finds what is asked for', async () => {
    const tried: number[] = [];
    const indexOf = (k: number, reach: number) => {
      tried.push(reach);
      // A search below 3.5 deviations misses the best two of ten.
      return { search: () => bestAfter(reach < 3.5 ? 2 : 0, k) };
    };
    const { certificate, reach } = await certify(scan, indexOf, { queries, k: 10, recall: 0.9 });
    expect(tried).toEqual([2.5, 3, 3.25, 3.5]);
    expect(reach).toBe(3.5);
    expect(certificate).toMatchObject({ k: 10, queries: 2, recall: 1, low: 1 });
  });

  it('says what the widest search finds where none finds enough', async () => {
    const indexOf = (k: number) => ({ search: () => bestAfter(2, k) });
    const { certificate, reach } = await certify(scan, indexOf, { queries, k: 10, recall: 0.9 });
    expect(reach).toBe(8);
    expect(certificate).toMatchObject({ recall: 0.8, low: 0.8 });
  });

  it('counts a request that the index leaves to the scan as found', async () => {
    const { certificate } = await certify(scan, () => ({ search: () => undefined }), { queries, k: 10, recall: 0.9 });
    expect(certificate).toMatchObject({ recall: 1, low: 1 });
  });

  it('has the mean, and the recall that 95 of 100 queries reach', () => {
    const recalls = Array.from({ length: 100 }, (_, i) => (i === 50 ? 0 : i < 5 ? 0.2 : 1));
    const { recall, low } = recallFigures(recalls);
    expect(recall).toBeCloseTo(0.95, 12);
    expect(low).toBe(0.2);
    expect(recallFigures(recalls.map((each, i) => (i === 0 ? 1 : each))).low).toBe(1);
  });
});
