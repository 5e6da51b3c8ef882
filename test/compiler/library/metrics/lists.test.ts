/** Metrics of lists: a hand-computed example that a person can read, and a plain definition of each for drawn lists. */
import { describe, expect, it, test } from 'vitest';
import { accuracyMetrics, metrics } from '../../../../src/compiler/library/metrics/table.ts';
import fc from '../../../fast_check.ts';

type Lists = readonly (readonly number[])[];

/** The figure as the library computes it: the mean of `ofList`, or `ofLists` of how often each item is shown. */
function figure(name: string, lists: Lists, counts: readonly number[]): number {
  const { ofList, ofLists } = metrics[name]!;
  if (ofList) {
    const of = ofList({ trainingCounts: Int32Array.from(counts) });
    return lists.reduce((sum, list) => sum + of(Int32Array.from(list)), 0) / lists.length;
  }
  const shown = lists.flat();
  const times = [...new Set(shown)].map((item) => shown.filter((other) => other === item).length);
  return ofLists!(times, counts.length);
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** Definitions as their papers have them, in plain code. */
const definitions: Readonly<Record<string, (lists: Lists, counts: readonly number[]) => number>> = {
  coverage: (lists, counts) => new Set(lists.flat()).size / counts.length,
  // The mean absolute difference of exposure over all pairs of items, over twice its mean: Gini's own, times N / (N − 1).
  gini(lists, counts) {
    const exposure = counts.map((_, item) => lists.flat().filter((shown) => shown === item).length);
    const differences = exposure.flatMap((a) => exposure.map((b) => Math.abs(a - b)));
    const items = counts.length;
    return (mean(differences) / (2 * mean(exposure))) * (items / (items - 1));
  },
  popularity: (lists, counts) => mean(lists.map((list) => mean(list.map((item) => counts[item]!)))),
  tail_share(lists, counts) {
    // An item is in the head if those before it have less than 80 % of the events.
    const before = (item: number): number =>
      total(counts.filter((count, other) => count > counts[item]! || (count === counts[item]! && other < item)));
    const isTail = (item: number): boolean => before(item) >= 0.8 * total(counts);
    return mean(lists.map((list) => list.filter(isTail).length / list.length));
  },
  novelty: (lists, counts) =>
    mean(lists.map((list) => mean(list.map((item) => -Math.log2(Math.max(1, counts[item]!) / total(counts)))))),
};

/** Items a to f with 128 training events together: the head is a, b and c, with 112 of them. */
const counts = [64, 32, 16, 8, 8, 0];
const lists = [
  [0, 3],
  [0, 1],
  [5, 0],
];

describe('of three lists: a, d; a, b; f, a', () => {
  it.each([
    ['coverage', 4 / 6, 'a, b, d and f of six'],
    // In ascending order c 0, e 0, b 1, d 1, f 1, a 3, times −5, −3, −1, 1, 3, 5: 18 of 5 · 6.
    ['gini', 0.6, 'a has half of the places'],
    ['popularity', (36 + 48 + 32) / 3, '(64 + 8) / 2, (64 + 32) / 2, (0 + 64) / 2'],
    ['tail_share', (1 / 2 + 0 + 1 / 2) / 3, 'd and f are in the tail'],
    ['novelty', (2.5 + 1.5 + 4) / 3, 'a has 1 bit, b 2, d 4, and f 7 as if it had one event'],
  ])('%s is %d: %s', (name, expected) => expect(figure(name, lists, counts)).toBeCloseTo(expected, 12));
});

const drawn = fc.integer({ min: 2, max: 12 }).chain((items) =>
  fc.record({
    counts: fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: items, maxLength: items })
      .filter((counts) => total(counts) > 0),
    lists: fc.array(fc.uniqueArray(fc.integer({ min: 0, max: items - 1 }), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 6,
    }),
  }),
);

test('every metric of lists has a definition', () => {
  const names = Object.keys(metrics).filter((name) => !Object.hasOwn(accuracyMetrics, name));
  expect(names.sort()).toEqual(Object.keys(definitions).sort());
});

test.each(Object.keys(definitions))('%s agrees with its definition', (name) => {
  fc.assert(
    fc.property(drawn, ({ lists, counts }) => {
      expect(figure(name, lists, counts)).toBeCloseTo(definitions[name]!(lists, counts), 10);
    }),
  );
});

test('gini is 0 where all items are shown alike, and 1 where one has all places', () => {
  expect(figure('gini', [[0], [1], [2]], [1, 1, 1])).toBe(0);
  expect(figure('gini', [[1], [1], [1]], [1, 1, 1])).toBe(1);
});

test('none is wrong where nothing was trained on, or nothing is shown', () => {
  for (const name of ['popularity', 'tail_share', 'novelty']) expect(figure(name, [[0, 1]], [0, 0])).not.toBeNaN();
  expect(metrics.gini!.ofLists!([], 5)).toBe(0);
  expect(metrics.coverage!.ofLists!([], 0)).toBe(0);
});
