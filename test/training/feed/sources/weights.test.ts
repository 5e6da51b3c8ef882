/** Bags whose elements have weights, as a step reads them and as its gradients come back. Row r of a table is [r, 10 r]. */
import { expect, test } from 'vitest';
import type { BagColumn, Events } from '../../../../src/data/dataset.ts';
import { eventRows, events, feederOf, numbersOf } from '../fixtures.ts';

const { column } = events.features.get('history')!;
// Bags of the six events: [], [1], [], [1], [], [5].
const weights = Float32Array.of(3, 9, 1, 0.5, 2, 9);
const weighted: Events = {
  ...events,
  features: new Map(events.features).set('history', { column: { ...(column as BagColumn), weights } }),
};
const source = { from: 'embedding', feature: 'history', pool: 'mean', rows: eventRows } as const;

test('are added up as much as they count', () => {
  const sum = { ...source, pool: 'sum' } as const;
  expect(numbersOf(sum, [5, 0, 3, 1], 1, { events: weighted }).data).toEqual([10, 100, 0, 0, 1, 10, 3, 30]);
  expect(numbersOf(source, [5, 0, 1], 1, { events: weighted }).data).toEqual([5, 50, 0, 0, 1, 10]);
});

test('say what each looked-up row is worth, for gradients that the graph adds up', () => {
  const shares = (pool: 'mean' | 'sum', rows: readonly number[]) =>
    numbersOf({ from: 'element_weights', feature: 'history', rows: eventRows, pool }, rows, 1, { events: weighted });
  expect(shares('sum', [5, 3, 1]).data.slice(0, 4)).toEqual([2, 1, 3, 0]);
  expect(shares('mean', [5, 3, 1]).data.slice(0, 4)).toEqual([1, 1, 1, 0]);
});

test('take the gradient by their shares', () => {
  const two: Events = {
    ...events,
    features: new Map(events.features).set('history', {
      column: {
        kind: 'bags',
        starts: Int32Array.of(0, 0, 0, 0, 0, 0),
        ends: Int32Array.of(2, 0, 0, 0, 0, 0),
        values: Int32Array.of(1, 4),
        weights: Float32Array.of(3, 1),
      },
    }),
  };
  const feeder = feederOf({ x: source }, { events: two });
  expect([...feeder.inputs(Int32Array.of(0), 1, { rate: 1 }).x!.data]).toEqual([1.75, 17.5]);
});
