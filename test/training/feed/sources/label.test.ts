import { expect, test } from 'vitest';
import { events, numbersOf } from '../fixtures.ts';

test('a label that is missing is 0 and known to be missing, in every step', () => {
  const some = { ...events, labels: new Map([['liked', Float32Array.of(1, Number.NaN, 0, 1, Number.NaN, 1)]]) };
  const rows = [1, 0, 4, 2];
  const label = { from: 'label', label: 'liked' } as const;
  expect(numbersOf(label, rows, 1, { events: some }).data).toEqual([0, 1, 0, 0]);
  expect(numbersOf({ from: 'label_known', label: 'liked' }, rows, 1, { events: some }).data).toEqual([0, 1, 0, 1]);
  expect(numbersOf({ from: 'label_known', label: 'liked' }, [0, 1]).data).toEqual([1, 1]);
});
