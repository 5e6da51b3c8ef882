import { describe, expect, test } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeStreamingEstimator } from '../../../src/training/feed/sources/item_frequency.ts';

describe('streaming estimates', () => {
  test('follow B ← (1 − α) B + α (t − A), A ← t, worked by hand', () => {
    const estimator = makeStreamingEstimator(8, 4, 0.25);
    estimator.observe(3, 2);
    expect(estimator.gaps[3]).toBe(0.75 * 4 + 0.25 * 2);
    estimator.observe(3, 10);
    expect(estimator.gaps[3]).toBe(0.75 * 3.5 + 0.25 * 8);
    expect(estimator.lastSeen[3]).toBe(10);
    expect(estimator.logProbability(3)).toBeCloseTo(Math.log(1 / 4.625), 6);
    expect(estimator.logProbability(5)).toBeCloseTo(Math.log(1 / 4), 6);
  });

  test('come near how often an item comes in a batch, popular or not', () => {
    const items = 50;
    const batch = 32;
    const estimator = makeStreamingEstimator(1024, 2, 0.02);
    const random = makeRandom(4);
    // Item i has a weight of 1 ÷ (i + 1): the first comes 7 times a batch, the last once in 7 batches.
    const total = Array.from({ length: items }, (_, i) => 1 / (i + 1)).reduce((a, b) => a + b, 0);
    const draw = (): number => {
      let left = random.next() * total;
      let item = 0;
      while (item < items - 1 && (left -= 1 / (item + 1)) > 0) item++;
      return item;
    };
    for (let step = 1; step <= 4000; step++) for (let i = 0; i < batch; i++) estimator.observe(draw(), step);
    for (const item of [5, 10, 20, 49]) {
      const truth = batch / (item + 1) / total;
      expect(Math.abs(estimator.logProbability(item) - Math.log(truth))).toBeLessThan(0.7);
    }
  });

  test('stay finite when one item fills batch after batch', () => {
    const estimator = makeStreamingEstimator(2, 1, 0.9);
    for (let i = 0; i < 10_000; i++) estimator.observe(0, 1);
    expect(Number.isFinite(estimator.logProbability(0))).toBe(true);
  });
});
