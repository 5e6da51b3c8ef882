import { expect, test } from 'vitest';
import { metrics } from '../../../src/library/metrics/table.ts';

/** Metrics of one place, as their papers define them: what ties are averages of. */
const atPlace: Readonly<Record<string, (place: number, corpus: number, k: number) => number>> = {
  recall: (place, _, k) => (place <= k ? 1 : 0),
  hit_rate: (place, _, k) => (place <= k ? 1 : 0),
  ndcg: (place, _, k) => (place <= k ? 1 / Math.log2(1 + place) : 0),
  mrr: (place) => 1 / place,
  // Pairs that stand in the right order; over all orders of a tie half of them do.
  auc: (place, corpus) => (corpus - place) / (corpus - 1),
};

/** The mean over all orders of the items that tie: every permutation written out. */
function overAllOrders(better: number, equal: number, value: (place: number) => number): number {
  const tied = Array.from({ length: equal + 1 }, (_, at) => at);
  let sum = 0;
  let orders = 0;
  const visit = (order: number[], left: number[]): void => {
    if (left.length === 0) {
      sum += value(better + order.indexOf(0) + 1);
      orders++;
    }
    for (const next of left)
      visit(
        [...order, next],
        left.filter((other) => other !== next),
      );
  };
  visit([], tied);
  return sum / orders;
}

test('every metric has a definition to be held to', () => {
  expect(Object.keys(metrics).sort()).toEqual(Object.keys(atPlace).sort());
});

test.each(Object.keys(metrics))('%s is the mean over all orders of ties', (name) => {
  const corpus = 9;
  for (const k of [1, 3, 5, 20]) {
    for (let better = 0; better < corpus; better++) {
      for (let equal = 0; equal <= Math.min(4, corpus - 1 - better); equal++) {
        const expected = overAllOrders(better, equal, (place) => atPlace[name]!(place, corpus, k));
        expect(
          metrics[name]!.of({ better, equal, corpus }, { k }),
          `k ${k}, ${better} better, ${equal} equal`,
        ).toBeCloseTo(expected, 12);
      }
    }
  }
});

test('a model that scores all items alike is as good as chance, not perfect', () => {
  const rank = { better: 0, equal: 999, corpus: 1000 };
  expect(metrics.recall!.of(rank, { k: 50 })).toBeCloseTo(0.05, 12);
  expect(metrics.auc!.of(rank, {})).toBe(0.5);
  const harmonic = Array.from({ length: 1000 }, (_, at) => 1 / (at + 1)).reduce((sum, term) => sum + term);
  expect(metrics.mrr!.of(rank, {})).toBeCloseTo(harmonic / 1000, 14);
});

test('mrr agrees with a plain sum on both sides of where its series begins', () => {
  for (const [better, equal] of [
    [0, 63],
    [0, 64],
    [60, 10],
    [64, 1],
    [500, 700],
  ] as const) {
    let sum = 0;
    for (let place = better + 1; place <= better + equal + 1; place++) sum += 1 / place;
    expect(metrics.mrr!.of({ better, equal, corpus: 5000 }, {})).toBeCloseTo(sum / (equal + 1), 14);
  }
});

test('every metric is 1 at the top alone and stays within [0, 1]', () => {
  for (const row of Object.values(metrics)) {
    expect(row.of({ better: 0, equal: 0, corpus: 1000 }, { k: 10 })).toBe(1);
    expect(row.of({ better: 0, equal: 0, corpus: 1 }, { k: 10 })).toBe(1);
    const last = row.of({ better: 999, equal: 0, corpus: 1000 }, { k: 10 });
    expect(last).toBeGreaterThanOrEqual(0);
    expect(last).toBeLessThan(0.01);
  }
});
