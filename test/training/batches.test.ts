import { describe, expect, it } from 'vitest';
import { makeEpoch, stepsOfEpoch } from '../../src/training/batches.ts';

const rowsOf = (rows: number, batch: number, seed: number, epoch: number): number[][] => {
  const made = makeEpoch(rows, batch, seed, epoch);
  return Array.from({ length: made.steps }, (_, i) => [...made.batch(i)]);
};

describe('an epoch', () => {
  it('has every row once, the last batch what is left', () => {
    const batches = rowsOf(10, 4, 1, 1);
    expect(batches.map(({ length }) => length)).toEqual([4, 4, 2]);
    expect(batches.flat().sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('draws which rows meet in a batch, and has each batch in ascending order', () => {
    const batches = rowsOf(50, 8, 1, 1);
    for (const rows of batches) expect(rows).toEqual([...rows].sort((a, b) => a - b));
    expect(batches.flat()).not.toEqual(Array.from({ length: 50 }, (_, row) => row));
  });

  it('leaves out a single row, another one in the next epoch', () => {
    const left = [1, 2, 3, 4, 5].map((epoch) => {
      const rows = new Set(rowsOf(9, 4, 1, epoch).flat());
      expect(rows.size).toBe(8);
      return [0, 1, 2, 3, 4, 5, 6, 7, 8].find((row) => !rows.has(row));
    });
    expect(new Set(left).size).toBeGreaterThan(1);
  });

  it('has other batches each time, the same for the same seed', () => {
    expect(rowsOf(50, 10, 1, 1)).toEqual(rowsOf(50, 10, 1, 1));
    expect(rowsOf(50, 10, 1, 1)).not.toEqual(rowsOf(50, 10, 1, 2));
    expect(rowsOf(50, 10, 1, 1)).not.toEqual(rowsOf(50, 10, 2, 1));
  });

  it('of batches of one row has all of them', () => {
    expect(stepsOfEpoch(3, 1)).toBe(3);
    expect(stepsOfEpoch(1, 4)).toBe(0);
    expect(stepsOfEpoch(4, 4)).toBe(1);
  });
});
