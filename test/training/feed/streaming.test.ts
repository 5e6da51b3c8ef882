import { describe, expect, test } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeStreamingEstimator } from '../../../src/training/feed/sources/log_q.ts';

describe('streaming estimates', () => {
  test('follow B ← (1 − α) B + α (t − A), A ← t, worked by hand', () => {
    const estimator = makeStreamingEstimator({ buckets: 8, hashes: 0, learningRate: 0.25, initialGap: 4 });
    estimator.observe(3, 2);
    expect(estimator.gaps[3]).toBe(0.75 * 4 + 0.25 * 2);
    estimator.observe(3, 10);
    expect(estimator.gaps[3]).toBe(0.75 * 3.5 + 0.25 * 8);
    expect(estimator.lastSeen[3]).toBe(10);
    expect(estimator.logProbability(3)).toBeCloseTo(Math.log(1 / 4.625), 6);
    expect(estimator.logProbability(5)).toBeCloseTo(Math.log(1 / 4), 6);
  });

  test.each([0, 2])('come near how often an item comes in a batch, popular or not (%i hash functions)', (hashes) => {
    const items = 50;
    const batch = 32;
    const estimator = makeStreamingEstimator({ buckets: 1024, hashes, learningRate: 0.02, initialGap: 2 });
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

  test('with several hash functions one collision does no harm: the largest gap is taken', () => {
    const options = { buckets: 16, learningRate: 0.5, initialGap: 100 };
    const one = makeStreamingEstimator({ ...options, hashes: 1 });
    const five = makeStreamingEstimator({ ...options, hashes: 5 });
    // A rare item, and four others that come at every step and take some of its places.
    for (let step = 1; step <= 200; step++) {
      for (const estimator of [one, five]) {
        for (let id = 1; id <= 4; id++) estimator.observe(id, step);
        if (step % 50 === 0) estimator.observe(0, step);
      }
    }
    const harmed = Array.from({ length: 40 }, (_, i) => 1000 + i).filter((id) => one.logProbability(id) > -1).length;
    const harmedOfFive = Array.from({ length: 40 }, (_, i) => 1000 + i).filter(
      (id) => five.logProbability(id) > -1,
    ).length;
    expect(harmed).toBeGreaterThan(0);
    expect(harmedOfFive).toBeLessThan(harmed);
  });

  test('stay finite when one item fills batch after batch', () => {
    const estimator = makeStreamingEstimator({ buckets: 2, hashes: 0, learningRate: 0.9, initialGap: 1 });
    for (let i = 0; i < 10_000; i++) estimator.observe(0, 1);
    expect(Number.isFinite(estimator.logProbability(0))).toBe(true);
  });
});
