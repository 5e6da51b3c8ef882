import { describe, expect, test } from 'vitest';
import type { BagColumn } from '../../../src/data/dataset.ts';
import { makeRanker } from '../../../src/training/embedding/rank.ts';
import fc from '../../fast_check.ts';

/** Few different scores, so that ties are common; some are not numbers. */
const score = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: -4, max: 4 }).map((each) => each / 2) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0) },
);

function bagsOf(lists: readonly (readonly number[])[]): BagColumn {
  const ends = lists.map((_, i) => lists.slice(0, i + 1).reduce((sum, list) => sum + list.length, 0));
  return {
    kind: 'bags',
    starts: Int32Array.from([0, ...ends.slice(0, -1)]),
    ends: Int32Array.from(ends),
    values: Int32Array.from(lists.flat()),
  };
}

describe('rank', () => {
  test('agrees with counting one by one: ties, repeated exclusions, excluded targets, NaN', () => {
    const ranker = makeRanker();
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 37 }).chain((columns) =>
          fc.record({
            columns: fc.constant(columns),
            rows: fc.array(
              fc.record({
                scores: fc.array(score, { minLength: columns, maxLength: columns }),
                target: fc.integer({ min: 0, max: columns - 1 }),
                bag: fc.integer({ min: -1, max: 1 }),
              }),
              { minLength: 1, maxLength: 8 },
            ),
            excluded: fc.array(fc.array(fc.integer({ min: -1, max: columns - 1 }), { maxLength: 12 }), {
              minLength: 2,
              maxLength: 2,
            }),
          }),
        ),
        ({ columns, rows, excluded }) => {
          const scores = Float32Array.from(rows.flatMap((row) => row.scores));
          const before = scores.slice();
          const targets = Int32Array.from(rows, (row) => row.target);
          const of = Int32Array.from(rows, (row) => row.bag);
          const ranks = ranker.rank(scores, columns, targets, { excluded: { bags: bagsOf(excluded), of } });
          expect(scores).toEqual(before);
          rows.forEach(({ target, bag, scores }, i) => {
            const out = new Set(bag < 0 ? [] : excluded[bag]);
            const others = scores.filter((_, column) => column !== target && !out.has(column));
            const own = scores[target]!;
            expect(ranks.ranked[i]).toBe(others.length + 1);
            const unknown = Number.isNaN(own);
            expect(ranks.better[i]).toBe(unknown ? others.length : others.filter((each) => each > own).length);
            expect(ranks.equal[i]).toBe(unknown ? 0 : others.filter((each) => each === own).length);
          });
        },
      ),
      { numRuns: 150 },
    );
  });

  test('matrices of many blocks and rows longer than a block', () => {
    const ranker = makeRanker();
    for (const [rows, columns] of [
      [300, 2011],
      [3, 200_003],
    ] as const) {
      const scores = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i * 12.9898) % 0.25);
      const targets = Int32Array.from({ length: rows }, (_, row) => (row * 7919) % columns);
      const ranks = ranker.rank(scores, columns, targets);
      for (const row of [0, 1, rows - 1]) {
        const of = scores.subarray(row * columns, (row + 1) * columns);
        const own = of[targets[row]!]!;
        expect(ranks.better[row]).toBe(of.reduce((count, each) => count + +(each > own), 0));
        expect(ranks.equal[row]).toBe(of.reduce((count, each) => count + +(each === own), 0) - 1);
      }
    }
  });

  test('columns that come some at a time have the ranks of all together', () => {
    const ranker = makeRanker();
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 37 }).chain((columns) =>
          fc.record({
            columns: fc.constant(columns),
            scores: fc.array(score, { minLength: 4 * columns, maxLength: 4 * columns }),
            // Several targets of one row, as of a user who holds out several items.
            targets: fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: columns - 1 })), {
              minLength: 1,
              maxLength: 8,
            }),
            excluded: fc.array(fc.array(fc.integer({ min: -1, max: columns - 1 }), { maxLength: 12 }), {
              minLength: 4,
              maxLength: 4,
            }),
            piece: fc.integer({ min: 1, max: columns }),
          }),
        ),
        ({ columns, scores: numbers, targets, excluded, piece }) => {
          const scores = Float32Array.from(numbers);
          const of = Int32Array.from(targets, ([row]) => row);
          const own = Int32Array.from(targets, ([, target]) => target);
          const options = { of, excluded: { bags: bagsOf(excluded), of } };
          const partial = ranker.begin(columns, own, options);
          const some = (from: number, to: number): Float32Array =>
            Float32Array.from(
              [0, 1, 2, 3].flatMap((row) => [...scores.subarray(row * columns + from, row * columns + to)]),
            );
          const starts = Array.from({ length: Math.ceil(columns / piece) }, (_, at) => at * piece);
          const pieces = starts.map((from) => [from, Math.min(columns, from + piece)] as const).reverse();
          for (const [from, to] of pieces) {
            expect(partial.hasTarget(from, to)).toBe([...own].some((target) => target >= from && target < to));
            partial.take(some(from, to), from, to);
          }
          for (const [from, to] of pieces) partial.count(some(from, to), from, to);
          expect(partial.ranks()).toEqual(ranker.rank(scores, columns, own, options));
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a model that scores everything alike ranks nothing above the target', () => {
    const ranks = makeRanker().rank(new Float32Array(300).fill(0.5), 100, Int32Array.of(0, 50, 99));
    expect(ranks.better).toEqual(Int32Array.of(0, 0, 0));
    expect(ranks.equal).toEqual(Int32Array.of(99, 99, 99));
  });
});
