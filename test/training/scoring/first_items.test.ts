import { describe, expect, test } from 'vitest';
import { BestItems, bestItems } from '../../../src/training/scoring/scorer.ts';
import fc from '../../fast_check.ts';

/** Few different scores, so that ties are common; some are not numbers. */
const score = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: -4, max: 4 }).map((each) => each / 2) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0) },
);

describe('first items', () => {
  test('agrees with sorting: best first, of equals the one further left', () => {
    fc.assert(
      fc.property(
        fc.array(score, { maxLength: 60 }),
        fc.integer({ min: 0, max: 70 }),
        fc.array(fc.integer({ min: 0, max: 60 })),
        (numbers, k, excluded) => {
          const scores = Float32Array.from(numbers);
          const expected = [...scores.keys()]
            .filter((item) => !Number.isNaN(scores[item]!) && !excluded.includes(item))
            .sort((a, b) => (scores[a] === scores[b] ? a - b : scores[b]! > scores[a]! ? 1 : -1))
            .slice(0, k);
          const first = bestItems(scores, k, excluded);
          expect([...first.rows]).toEqual(expected);
          expect([...first.scores]).toEqual(expected.map((item) => scores[item]!));
          const [some, middle] = [new BestItems(k, scores.length, excluded), Math.floor(scores.length / 3)];
          some.add(scores.subarray(0, middle), 0);
          some.add(scores.subarray(middle), middle);
          expect(some.ranked()).toEqual(first);
        },
      ),
      { numRuns: 200 },
    );
  });
});
