import { expect, it } from 'vitest';
import { makeTable, tableNorm } from '../../../src/training/embedding/table.ts';

const table = makeTable({
  name: 'items',
  rows: 500,
  dim: 4,
  optimizer: { kind: 'sgd', rate: 0.1, weightDecay: 0, l2: 0 },
} as Parameters<typeof makeTable>[0]);

it('is the length of all numbers of a table, and close to it from some of its rows', () => {
  table.initialize(3, 0.5);
  const exact = Math.hypot(...table.values());
  expect(tableNorm(table)).toBeCloseTo(exact, 6);
  expect(tableNorm(table, 400) / exact).toBeCloseTo(1, 1);
});

it('has the length of pending gradients, rows that are met twice added up, and changes none of them', () => {
  expect(table.gradientNorm()).toBe(0);
  table.add({ codes: Int32Array.of(2, 7), sums: Float32Array.of(1, 2, 0, 0, 0, 0, 3, 0) });
  table.add({ codes: Int32Array.of(2), sums: Float32Array.of(1, 0, 0, 0) });
  expect(table.gradientNorm()).toBeCloseTo(Math.hypot(2, 2, 3), 6);
  expect([...table.drain().sums]).toEqual([2, 2, 0, 0, 0, 0, 3, 0]);
  expect(table.gradientNorm()).toBe(0);
});
