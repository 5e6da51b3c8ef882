/** The search is widened until enough is found. The neighbours here are a list with a gap that a wide search closes. */
import { describe, expect, it } from 'vitest';
import { recallFigures } from '../../../src/engines/scan/approximate.ts';
import { makeScan } from '../../../src/engines/scan/scan.ts';
import { certify } from '../../../src/serving/ann/build.ts';

const rows = 1000;
/** Vectors of one number: row r has the score r. */
const scan = makeScan(
  Float32Array.from({ length: rows }, (_, row) => row),
  rows,
  1,
);
const best = (count: number): number[] => Array.from({ length: count }, (_, i) => rows - 1 - i);
const queries = [[Float64Array.of(1)], [Float64Array.of(2)]];

describe('a certificate', () => {
  it('is of the narrowest search that finds what is asked for', async () => {
    const widths: number[] = [];
    const nearest = (query: ArrayLike<number>, count: number): Int32Array => {
      if (query[0] === 1) widths.push(count);
      // A search for fewer than 30 misses the best two of ten.
      return Int32Array.from(count < 30 ? best(count + 2).slice(2) : best(count));
    };
    const { certificate, width } = await certify(scan, { nearest }, { queries, k: 10, recall: 0.9 });
    expect(widths).toEqual([10, 15, 20, 30]);
    expect(width).toBe(30);
    expect(certificate).toMatchObject({ k: 10, queries: 2, recall: 1, low: 1 });
  });

  it('says what the widest search finds where none finds enough', async () => {
    const nearest = (_: unknown, count: number): Int32Array => Int32Array.from(best(count + 2).slice(2));
    const { certificate, width } = await certify(scan, { nearest }, { queries, k: 10, recall: 0.9 });
    expect(width).toBe(640);
    expect(certificate).toMatchObject({ recall: 0.8, low: 0.8 });
  });

  it('has the mean, and the recall that 95 of 100 queries reach', () => {
    const recalls = Array.from({ length: 100 }, (_, i) => (i === 50 ? 0 : i < 5 ? 0.2 : 1));
    const { recall, low } = recallFigures(recalls);
    expect(recall).toBeCloseTo(0.95, 12);
    expect(low).toBe(0.2);
    expect(recallFigures(recalls.map((each, i) => (i === 0 ? 1 : each))).low).toBe(1);
  });
});
