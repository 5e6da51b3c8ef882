/** Pools whose elements have weights, against PyTorch (test/fixtures/weighted_bags.py makes the numbers) and against plain loops. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeTable } from '../../../src/training/embedding/table.ts';
import { pickBags, pickShares } from '../../../src/training/feed/copy_columns.ts';
import fc from '../../fast_check.ts';
import { flat, type Nested } from '../../fixtures/fixtures.ts';
import { bags as bagsOf } from '../feed/fixtures.ts';
import { difference, optimizerPlan } from './fixtures.ts';

interface Case {
  readonly pool: 'sum' | 'mean';
  readonly table: readonly (readonly number[])[];
  readonly upstream: Nested;
  readonly pooled: Nested;
  readonly gradient: Nested;
}

const { bags, weights, cases } = JSON.parse(readFileSync('test/fixtures/weighted_bags.json', 'utf8')) as {
  readonly bags: number[][];
  readonly weights: number[][];
  readonly cases: readonly Case[];
};

/** A table at the rate 1 of plain descent: what a step subtracts from it is the gradient. */
function lookedUp(values: Float32Array, dim: number, bags: number[][], weights: number[][], mean: boolean) {
  const table = makeTable({
    name: 'items',
    rows: values.length / dim,
    dim,
    optimizer: optimizerPlan('sgd', { rate: 1 }),
  });
  table.load(values);
  const column = { ...bagsOf(...bags), weights: Float32Array.from(weights.flat()) };
  const lookup = table.lookup({ kind: 'weighted' });
  const rows = Int32Array.from(bags.keys());
  lookup.reserve(bags.length, column.values.length);
  pickBags(column, rows, lookup.codes(), lookup.offsets());
  pickShares(column, rows, mean, lookup.shares());
  const pooled = lookup.gather(bags.length).slice();
  const gradient = (upstream: Float32Array): number[] => {
    lookup.accumulate(upstream);
    table.update();
    return Array.from(table.values(), (value, at) => values[at]! - value);
  };
  return { pooled, gradient };
}

test.each(cases.map((each) => [each.pool, each.table[0]!.length, each] as const))(
  'the %s of %i numbers and its gradient are those of PyTorch',
  (pool, dim, { table, upstream, ...expected }) => {
    const values = Float32Array.from(flat(table));
    const { pooled, gradient } = lookedUp(values, dim, bags, weights, pool === 'mean');
    expect(difference(pooled, flat(expected.pooled))).toBeLessThan(1e-6);
    expect(difference(gradient(Float32Array.from(flat(upstream))), flat(expected.gradient))).toBeLessThan(1e-6);
  },
);

test('by hand: rows 1, 2, 3 and 4 of one number', () => {
  const values = Float32Array.of(1, 2, 3, 4);
  const of = (bag: number[], own: number[], mean: boolean): number =>
    lookedUp(values, 1, [bag], [own], mean).pooled[0]!;
  expect(of([0, 3], [1, 3], false)).toBe(13);
  expect(of([0, 3], [1, 3], true)).toBe(3.25);
  expect(of([0, 3], [0, 0], true)).toBe(0);
  expect(of([0, 3], [0, 0], false)).toBe(0);
  expect(of([], [], true)).toBe(0);
  // 3 · g from one place of row 1, and g from the other.
  expect(lookedUp(values, 1, [[1, 1]], [[3, 1]], false).gradient(Float32Array.of(2))).toEqual([0, 8, 0, 0]);
  // Shares of ¾ and ¼.
  expect(lookedUp(values, 1, [[1, 2]], [[3, 1]], true).gradient(Float32Array.of(2))).toEqual([0, 1.5, 0.5, 0]);
});

test('any widths and bags are those of plain loops; weights of 1 are none', () => {
  const element = fc.record({ code: fc.nat({ max: 20 }), weight: fc.constantFrom(0, 0.5, 1, 2.25, 1e-3) });
  const shapes = fc.record({
    dim: fc.integer({ min: 1, max: 70 }),
    bags: fc.array(fc.array(element, { maxLength: 9 }), { minLength: 1, maxLength: 8 }),
    mean: fc.boolean(),
  });
  fc.assert(
    fc.property(shapes, ({ dim, bags, mean }) => {
      const values = Float32Array.from({ length: 21 * dim }, (_, i) => Math.sin(1 + 0.7 * i));
      const codes = bags.map((bag) => bag.map(({ code }) => code));
      const own = bags.map((bag) => bag.map(({ weight }) => weight));
      const expected = bags.flatMap((bag) => {
        const total = mean ? bag.reduce((sum, { weight }) => sum + weight, 0) || 1 : 1;
        return Array.from(
          { length: dim },
          (_, d) => bag.reduce((sum, { code, weight }) => sum + weight * values[code * dim + d]!, 0) / total,
        );
      });
      expect(difference(lookedUp(values, dim, codes, own, mean).pooled, expected)).toBeLessThan(1e-5);
      const ones = own.map((bag) => bag.map(() => 1));
      const table = makeTable({ name: 'items', rows: 21, dim });
      table.load(values);
      const plain = table.lookup({ kind: mean ? 'mean' : 'sum' });
      plain.reserve(codes.length, codes.flat().length);
      pickBags(bagsOf(...codes), Int32Array.from(codes.keys()), plain.codes(), plain.offsets());
      expect(difference(lookedUp(values, dim, codes, ones, mean).pooled, plain.gather(codes.length))).toBeLessThan(
        1e-5,
      );
    }),
    { numRuns: 40 },
  );
});
