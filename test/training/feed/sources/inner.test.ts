/** Sequences whose elements have several values, as a step reads them and as their gradients come back. Row r of a table is [r, 10 r]. */
import { expect, test } from 'vitest';
import type { BagColumn, Events } from '../../../../src/data/dataset.ts';
import type { FeaturePlan } from '../../../../src/graph/plan/plan.ts';
import { bags, eventRows, events, features, feederOf, makeTables, numbersOf } from '../fixtures.ts';

/** Values of the elements: [1, 2], [3], none, [2, 2, 1]. */
const inner = bags([1, 2], [3], [], [2, 2, 1]);
const column: BagColumn = {
  ...{ kind: 'bags', starts: Int32Array.of(0, 0, 1, 4), ends: Int32Array.of(0, 3, 4, 5) },
  ...{ values: Int32Array.of(0, 2, 3, 1, 0), inner },
};
const given: Events = { ...events, features: new Map(events.features).set('kinds', { column }) };
const planned = (pool: 'mean' | 'sum'): FeaturePlan => ({
  ...{ name: 'kinds', tower: 't', gives: 'bag', encoder: { kind: 'hash', buckets: 4 }, column: 'kinds' },
  ...{ encoderOf: 'genres', table: 'genres', width: 2, max: 3, along: 'history', each: { max: 3, pool } },
});
const source = { from: 'sequence', feature: 'kinds', rows: eventRows } as const;
const of = (pool: 'mean' | 'sum') => ({ events: given, features: [...features, planned(pool)] });

test('pool the values of each element; one without any is zeros, and so is what is past the end', () => {
  const { shape, data } = numbersOf(source, [1, 0, 3], 1, of('mean'));
  expect(shape).toEqual([3, 3, 2]);
  const third = Math.fround(5 / 3);
  expect(data.slice(0, 6)).toEqual([1.5, 15, 0, 0, third, Math.fround(50 / 3)]);
  expect(data.slice(6, 12)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(data.slice(12)).toEqual([1.5, 15, 0, 0, 0, 0]);
  expect(numbersOf(source, [2], 1, of('sum')).data).toEqual([0, 0, 5, 50, 3, 30]);
});

test('say which row of the sequences each looked-up value is for, and what it is worth there', () => {
  const rows = [3, 1];
  const places = numbersOf({ from: 'table_places', feature: 'kinds', rows: eventRows }, rows, 1, of('mean')).data;
  // Rows 1, 2 of the table; then 1, 2, none, and 2, 2, 1.
  expect(places.slice(0, 8)).toEqual([0, 1, 0, 1, 1, 1, 0, 0]);
  const elements = { feature: 'kinds', rows: eventRows, pool: 'sequence' } as const;
  const at = numbersOf({ from: 'element_rows', ...elements }, rows, 1, of('mean')).data;
  expect(at.slice(0, 7)).toEqual([0, 0, 3, 3, 5, 5, 5]);
  const third = Math.fround(1 / 3);
  const shares = numbersOf({ from: 'element_weights', ...elements }, rows, 1, of('mean')).data;
  expect(shares.slice(0, 8)).toEqual([0.5, 0.5, 0.5, 0.5, third, third, third, 0]);
  expect(numbersOf({ from: 'element_weights', ...elements }, rows, 1, of('sum')).data.slice(0, 8)).toEqual([
    ...[1, 1, 1, 1, 1, 1, 1, 0],
  ]);
});

test('give each value its share of the gradient of its element', () => {
  const tables = makeTables();
  const before = tables.get('genres')!.values().slice();
  const feeder = feederOf({ kinds: source }, { ...of('mean'), tables });
  feeder.inputs(Int32Array.of(1), 1, { rate: 1 });
  // Of element 0 with values 1, 2; of one without values; of element 2 with values 2, 2, 1; of 2 numbers each.
  const data = Float32Array.of(2, 4, 8, 8, 3, 9);
  feeder.apply({ 'gradient:kinds': { dtype: 'float32', shape: [1, 3, 2], data } });
  const gradient = Array.from(tables.get('genres')!.values(), (value, i) => (before[i]! - value) / 0.1);
  const expected = [0, 0, 2 / 2 + 3 / 3, 4 / 2 + 9 / 3, 2 / 2 + (2 * 3) / 3, 4 / 2 + (2 * 9) / 3, 0, 0];
  for (const [i, value] of gradient.entries()) expect(value).toBeCloseTo(expected[i]!, 4);
});
