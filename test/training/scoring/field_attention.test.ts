import { expect, it } from 'vitest';
import { rowReader } from '../../../src/training/embedding/table.ts';
import { type Spread, spreadOf as spreadOfRows } from '../../../src/training/scoring/scorer.ts';

const spreadOf = (name: string, data: Float32Array, rows: number, width: number): Spread =>
  spreadOfRows(name, rowReader(data, width), rows, width);

it('measures vectors that point in all directions of a square alike', () => {
  const spread = spreadOf('square', Float32Array.from([1, 0, -1, 0, 0, 1, 0, -1]), 4, 2);
  expect(spread.lengths).toEqual([1, 1, 1, 1, 1]);
  // Of the 12 ordered pairs 4 are opposite, 8 at right angles.
  expect(spread.cosine).toBeCloseTo(-4 / 12, 12);
  expect(spread.directions).toBeCloseTo(2, 12);
});

it('finds the one direction of vectors on a line, and vectors that are all the same', () => {
  const line = spreadOf('line', Float32Array.from([1, 2, 2, 4, 3, 6]), 3, 2);
  expect(line.directions).toBeCloseTo(1, 12);
  expect(line.cosine).toBeCloseTo(1, 6);
  expect(line.lengths[2]).toBeCloseTo(Math.sqrt(20), 12);
  expect(spreadOf('same', Float32Array.from([1, 2, 1, 2]), 2, 2)).not.toHaveProperty('directions');
});

it('has no cosine of one vector, and draws some of many', () => {
  expect(spreadOf('one', Float32Array.from([3, 4]), 1, 2)).toEqual({
    name: 'one',
    rows: 1,
    width: 2,
    lengths: [5, 5, 5, 5, 5],
  });
  const many = Float32Array.from({ length: 3 * 5000 }, (_, i) => Math.sin(i * i));
  expect(spreadOf('many', many, 5000, 3).directions).toBeGreaterThan(2.5);
});
