import { expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeDescent } from '../../../src/training/evaluation/baselines/slim.ts';

it('sets each weight to the least of the elastic net, with the others as they are', () => {
  const random = makeRandom(5);
  const [rows, columns] = [40, 12];
  const lists = Array.from({ length: columns }, () =>
    Array.from({ length: rows }, (_, row) => row).filter(() => random.next() < 0.3),
  );
  const starts = Int32Array.from([0, ...lists.map((_, at) => lists.slice(0, at + 1).flat().length)]);
  const target = Float64Array.from({ length: rows }, () => random.next());
  const { residual, weights, runRound: round } = makeDescent({ starts, values: Int32Array.from(lists.flat()) }, rows);
  residual.set(target);
  const [l1, l2] = [0.3, 0.5];

  const [expected, left] = [new Float64Array(columns), target.slice()];
  const order = [7, 0, 3, 11, 4, 0];
  let moved = 0;
  for (const column of order) {
    const own = lists[column]!;
    const slope = own.reduce((sum, row) => sum + left[row]!, 0) + expected[column]! * own.length;
    const step = Math.max(0, slope - l1) / (own.length + l2) - expected[column]!;
    for (const row of own) left[row]! -= step;
    expected[column]! += step;
    moved = Math.max(moved, Math.abs(step));
  }
  expect(round(Int32Array.from(order), l1, l2)).toBeCloseTo(moved, 12);
  expected.forEach((weight, column) => {
    expect(weights[column]).toBeCloseTo(weight, 12);
  });
  left.forEach((value, row) => {
    expect(residual[row]).toBeCloseTo(value, 12);
  });

  // At rest, no weight can be bettered: its slope is l1 + l2 w, or at most l1 where it is 0.
  const all = Int32Array.from({ length: columns }, (_, column) => column);
  for (let at = 0; at < 500 && round(all, l1, l2) > 0; at++);
  for (const column of all) {
    const slope = lists[column]!.reduce((sum, row) => sum + residual[row]!, 0) - l1 - l2 * weights[column]!;
    if (weights[column]! > 0) expect(slope).toBeCloseTo(0, 9);
    else expect(slope).toBeLessThanOrEqual(1e-9);
  }
  expect(round(new Int32Array(), l1, l2)).toBe(0);
});
