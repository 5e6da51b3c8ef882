/** Metrics of lists: a hand-computed example that a person can read, and a plain definition of each for drawn lists. */
import { describe, expect, it, test } from 'vitest';
import type { ItemElements } from '../../../../src/compiler/library/contract.ts';
import { accuracyMetrics, metrics } from '../../../../src/compiler/library/metrics/table.ts';
import fc from '../../../fast_check.ts';

type Lists = readonly (readonly number[])[];

/** The values of each item, as in a column `genres`, and what the user of each list had before it. */
interface Extras {
  readonly genres: Lists;
  readonly had: Lists;
}

function elementsOf(lists: Lists): ItemElements {
  const ends = Int32Array.from(lists, (_, i) => lists.slice(0, i + 1).flat().length);
  return { starts: ends.map((end, i) => end - lists[i]!.length), ends, values: Int32Array.from(lists.flat()) };
}

/** The figure as the library computes it: the mean of `ofList`, or `ofLists` of how often each item is shown. */
function figure(name: string, lists: Lists, counts: readonly number[], { genres, had }: Extras): number {
  const { ofList, ofLists } = metrics[name]!;
  if (ofList) {
    const of = ofList({ trainingCounts: Int32Array.from(counts), elements: elementsOf(genres) });
    return mean(lists.map((list, at) => of(Int32Array.from(list), Int32Array.from(had[at]!))));
  }
  const shown = lists.flat();
  const times = [...new Set(shown)].map((item) => shown.filter((other) => other === item).length);
  return ofLists!(times, counts.length);
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** The share of a genre: each item has 1, distributed evenly over its genres, and items without a genre do not count. */
function share(genre: number, items: readonly number[], genres: Lists): number {
  const known = items.filter((item) => item >= 0 && genres[item]!.length > 0);
  return known.length === 0
    ? 0
    : mean(known.map((item) => (genres[item]!.includes(genre) ? 1 / genres[item]!.length : 0)));
}

/** Definitions as their papers have them, in plain code. */
const definitions: Readonly<Record<string, (lists: Lists, counts: readonly number[], extras: Extras) => number>> = {
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
  diversity: (lists, _, { genres }) =>
    mean(
      lists.map((list) => {
        const known = list.map((item) => genres[item]!).filter((own) => own.length > 0);
        const pairs = known.flatMap((a, at) => known.slice(at + 1).map((b) => [a, b] as const));
        const distances = pairs.map(
          ([a, b]) => 1 - a.filter((each) => b.includes(each)).length / new Set([...a, ...b]).size,
        );
        return distances.length === 0 ? 0 : mean(distances);
      }),
    ),
  calibration: (lists, counts, { genres, had }) =>
    mean(
      lists.map((list, at) => {
        const everybody = counts.flatMap((count, item) => Array.from({ length: count }, () => item));
        const hasGenres = had[at]!.some((item) => item >= 0 && genres[item]!.length > 0);
        let divergence = 0;
        for (const genre of new Set(genres.flat())) {
          const p = share(genre, hasGenres ? had[at]! : everybody, genres);
          const q = 0.99 * share(genre, list, genres) + 0.01 * p;
          if (p > 0) divergence += p * Math.log(p / q);
        }
        return divergence;
      }),
    ),
};

/** Items a to f with 128 training events together: the head is a, b and c, with 112 of them. */
const counts = [64, 32, 16, 8, 8, 0];
const lists = [
  [0, 3],
  [0, 1],
  [5, 0],
];
/** Drama 0, comedy 1 and war 2; of c nothing is known. The first user had a and b, the second c alone, the third e twice. */
const extras: Extras = {
  genres: [[0], [0, 1], [], [1], [2], [0, 1, 2]],
  had: [
    [0, 1],
    [2, -1],
    [4, 4],
  ],
};
// Without c there are 112 events: drama 64 + 16, comedy 16 + 8, war 8.
const everybody = [80 / 112, 24 / 112, 8 / 112];
const kl = (p: readonly number[], q: readonly number[]): number =>
  p.reduce((sum, share, at) => sum + (share === 0 ? 0 : share * Math.log(share / (0.99 * q[at]! + 0.01 * share))), 0);

describe('of three lists: a, d; a, b; f, a', () => {
  it.each([
    ['coverage', 4 / 6, 'a, b, d and f of six'],
    // In ascending order c 0, e 0, b 1, d 1, f 1, a 3, times −5, −3, −1, 1, 3, 5: 18 of 5 · 6.
    ['gini', 0.6, 'a has half of the places'],
    ['popularity', (36 + 48 + 32) / 3, '(64 + 8) / 2, (64 + 32) / 2, (0 + 64) / 2'],
    ['tail_share', (1 / 2 + 0 + 1 / 2) / 3, 'd and f are in the tail'],
    ['novelty', (2.5 + 1.5 + 4) / 3, 'a has 1 bit, b 2, d 4, and f 7 as if it had one event'],
    ['diversity', (1 + 1 / 2 + 2 / 3) / 3, 'a and d share nothing, a and b one of two genres, f and a one of three'],
    [
      'calibration',
      (kl([3 / 4, 1 / 4, 0], [1 / 2, 1 / 2, 0]) +
        kl(everybody, [3 / 4, 1 / 4, 0]) +
        kl([0, 0, 1], [2 / 3, 1 / 6, 1 / 6])) /
        3,
      'drama, comedy and war of each user and list; the second is compared with everybody',
    ],
  ])('%s is %d: %s', (name, expected) => expect(figure(name, lists, counts, extras)).toBeCloseTo(expected, 12));

  it('calibration of the first is 0.13, between three quarters of drama and a half', () =>
    expect(figure('calibration', lists.slice(0, 1), counts, extras)).toBeCloseTo(0.1283, 4));
});

const drawn = fc
  .integer({ min: 2, max: 12 })
  .chain((items) =>
    fc.record({
      counts: fc
        .array(fc.integer({ min: 0, max: 9 }), { minLength: items, maxLength: items })
        .filter((counts) => total(counts) > 0),
      lists: fc.array(fc.uniqueArray(fc.integer({ min: 0, max: items - 1 }), { minLength: 1, maxLength: 4 }), {
        minLength: 1,
        maxLength: 6,
      }),
      genres: fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }), {
        minLength: items,
        maxLength: items,
      }),
      had: fc.array(fc.array(fc.integer({ min: -1, max: items - 1 }), { maxLength: 5 }), {
        minLength: 6,
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
    fc.property(drawn, ({ lists, counts, ...extras }) => {
      expect(figure(name, lists, counts, extras)).toBeCloseTo(definitions[name]!(lists, counts, extras), 10);
    }),
  );
});

test('gini is 0 where all items are shown alike, and 1 where one has all places', () => {
  expect(figure('gini', [[0], [1], [2]], [1, 1, 1], extras)).toBe(0);
  expect(figure('gini', [[1], [1], [1]], [1, 1, 1], extras)).toBe(1);
});

test('none is wrong where nothing was trained on, or nothing is shown', () => {
  const nothing = { genres: [[], []], had: [[]] };
  for (const name of Object.keys(definitions)) expect(figure(name, [[0, 1]], [0, 0], nothing)).not.toBeNaN();
  expect(metrics.gini!.ofLists!([], 5)).toBe(0);
  expect(metrics.coverage!.ofLists!([], 0)).toBe(0);
});
