import { expect, test } from 'vitest';
import { makeGroupSampler } from '../../../src/training/feed/item_sampler.ts';
import fc from '../../fast_check.ts';
import { corpus } from './fixtures.ts';

const draw = (codes: readonly number[], counts: readonly number[], own: readonly number[], perRow = 1, step = 0) => {
  const features = new Map([['market', { column: { kind: 'codes' as const, values: Int32Array.from(codes) } }]]);
  const items = { ...corpus, rows: codes.length, trainingCounts: Int32Array.from(counts), features };
  const sampler = makeGroupSampler({ item: Int32Array.from(own) }, items, { within: 'market', perRow }, 3);
  const rows = new Int32Array(own.length * perRow);
  sampler(step, rows, Int32Array.from(own.keys()));
  return [...rows];
};

test('each drawn item is of the training part, another than the own, and has its code if any such item has', () => {
  const item = fc.record({ code: fc.integer({ min: 0, max: 3 }), count: fc.integer({ min: 0, max: 2 }) });
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 9 }), fc.nat(), (items, step) => {
      const codes = items.map(({ code }) => code);
      const counts = items.map(({ count }) => count);
      const all = [...items.keys()];
      const trained = all.filter((row) => counts[row]! > 0);
      const own = [...all, -1];
      const rows = draw(codes, counts, own, 4, step);
      own.forEach((mine, i) => {
        const pool = trained.length > 0 ? trained : all;
        const fitting = pool.filter((row) => row !== mine && codes[row] === codes[mine]);
        for (const row of rows.slice(i * 4, i * 4 + 4)) expect(fitting.length > 0 ? fitting : pool).toContain(row);
      });
    }),
    { numRuns: 200 },
  );
});

test('the others of a group are drawn alike, and all items of the training part where there are none', () => {
  const codes = [2, 1, 2, 2, 1, 2, 3];
  const counts = [9, 1, 1, 4, 1, 0, 2];
  const rows = draw(codes, counts, [2, 6], 20_000);
  const shareOf = (row: number, from: number): number =>
    rows.slice(from, from + 20_000).filter((each) => each === row).length / 20_000;
  // 5 standard deviations.
  for (const row of [0, 3]) expect(Math.abs(shareOf(row, 0) - 1 / 2)).toBeLessThan(5 * Math.sqrt(0.25 / 20_000));
  for (const row of [0, 1, 2, 3, 4, 6])
    expect(Math.abs(shareOf(row, 20_000) - 1 / 6)).toBeLessThan(5 * Math.sqrt(0.14 / 20_000));
});

test('the draws follow from the step', () => {
  const codes = new Array(50).fill(1);
  const counts = new Array(50).fill(1);
  expect(draw(codes, counts, [1, 2], 8, 4)).toEqual(draw(codes, counts, [1, 2], 8, 4));
  expect(draw(codes, counts, [1, 2], 8, 4)).not.toEqual(draw(codes, counts, [1, 2], 8, 5));
});
