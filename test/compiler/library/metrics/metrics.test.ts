import { expect, test } from 'vitest';
import type { HeldOut } from '../../../../src/compiler/library/contract.ts';
import { accuracyMetrics, metrics } from '../../../../src/compiler/library/metrics/table.ts';

/** Metrics of one order of the corpus, as their papers define them: what ties are averages of. `hits`: the places of held-out items. */
const ofOrder: Readonly<Record<string, (hits: number[], count: number, corpus: number, k: number) => number>> = {
  recall: (hits, count, _, k) => hits.filter((place) => place <= k).length / count,
  precision: (hits, _count, _corpus, k) => hits.filter((place) => place <= k).length / k,
  hit_rate: (hits, _count, _corpus, k) => (hits.some((place) => place <= k) ? 1 : 0),
  ndcg(hits, count, _, k) {
    const gain = (places: number[]): number =>
      places.reduce((sum, place) => sum + (place <= k ? 1 / Math.log2(1 + place) : 0), 0);
    return gain(hits) / gain(Array.from({ length: count }, (_, at) => at + 1));
  },
  map(hits, count, _, k) {
    let sum = 0;
    for (const place of hits) if (place <= k) sum += hits.filter((other) => other <= place).length / place;
    return sum / Math.min(k, count);
  },
  mrr: (hits) => (hits.length === 0 ? 0 : 1 / Math.min(...hits)),
  // Pairs that are in the right order; over all orders of a tie half of them are.
  auc(hits, count, corpus) {
    let pairs = 0;
    for (const place of hits) for (let other = place + 1; other <= corpus; other++) if (!hits.includes(other)) pairs++;
    return pairs / (count * (corpus - hits.length));
  },
};

/** Every way to put `held` of `size` neighbours: they tie, so each is as likely. */
function choices(size: number, held: number, from = 0): number[][] {
  if (held === 0) return [[]];
  return Array.from({ length: size - from - held + 1 }, (_, at) => from + at).flatMap((first) =>
    choices(size, held - 1, first + 1).map((rest) => [first, ...rest]),
  );
}

/** The mean over all orders of the items that tie. */
function overAllOrders({ groups, count, corpus }: HeldOut, k: number, name: string): number {
  let orders: number[][] = [[]];
  for (const { better, size, heldOutCount: held } of groups) {
    const places = choices(size, held).map((choice) => choice.map((at) => better + at + 1));
    orders = orders.flatMap((hits) => places.map((more) => [...hits, ...more]));
  }
  return orders.reduce((sum, hits) => sum + ofOrder[name]!(hits, count, corpus, k), 0) / orders.length;
}

/** One held-out item, by the items above it and those that tie with it. */
const one = (better: number, equal: number, corpus: number): HeldOut => ({
  groups: [{ better, size: equal + 1, heldOutCount: 1 }],
  count: 1,
  corpus,
});

/** Those of one ranking. */
const ofRankings = Object.keys(metrics).filter((name) => metrics[name]!.ofRanking);

test('every metric has a definition to be held to', () => {
  expect(ofRankings.sort()).toEqual(Object.keys(ofOrder).sort());
  // Those of lists are held to theirs in lists.test.ts, next to this one.
  expect(ofRankings).toEqual(Object.keys(accuracyMetrics).sort());
});

test.each(ofRankings)('%s of one item is the mean over all orders of ties', (name) => {
  const corpus = 9;
  for (const k of [1, 3, 5, 20]) {
    for (let better = 0; better < corpus; better++) {
      for (let equal = 0; equal <= Math.min(4, corpus - 1 - better); equal++) {
        const held = one(better, equal, corpus);
        const what = `k ${k}, ${better} better, ${equal} equal`;
        expect(metrics[name]!.ofRanking!(held, { k }), what).toBeCloseTo(overAllOrders(held, k, name), 12);
      }
    }
  }
});

const corpus = 12;
const several: readonly HeldOut[] = [
  { groups: [], count: 3, corpus },
  { groups: [{ better: 0, size: 3, heldOutCount: 3 }], count: 3, corpus },
  { groups: [{ better: 0, size: 12, heldOutCount: 5 }], count: 6, corpus },
  {
    groups: [
      { better: 1, size: 4, heldOutCount: 2 },
      { better: 7, size: 1, heldOutCount: 1 },
    ],
    count: 3,
    corpus,
  },
  {
    groups: [
      { better: 0, size: 1, heldOutCount: 1 },
      { better: 2, size: 5, heldOutCount: 3 },
      { better: 8, size: 3, heldOutCount: 2 },
    ],
    count: 8,
    corpus,
  },
];

test.each(ofRankings)('%s of several items is the mean over all orders of ties', (name) => {
  for (const k of [1, 2, 3, 4, 6, 9, 20]) {
    several.forEach((held, at) => {
      expect(metrics[name]!.ofRanking!(held, { k }), `k ${k}, case ${at}`).toBeCloseTo(
        overAllOrders(held, k, name),
        12,
      );
    });
  }
});

test('a model that scores all items alike is as good as chance, not perfect', () => {
  const held = one(0, 999, 1000);
  expect(metrics.recall!.ofRanking!(held, { k: 50 })).toBeCloseTo(0.05, 12);
  expect(metrics.auc!.ofRanking!(held, {})).toBe(0.5);
  const harmonic = Array.from({ length: 1000 }, (_, at) => 1 / (at + 1)).reduce((sum, term) => sum + term);
  expect(metrics.mrr!.ofRanking!(held, {})).toBeCloseTo(harmonic / 1000, 14);
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
    expect(metrics.mrr!.ofRanking!(one(better, equal, 5000), {})).toBeCloseTo(sum / (equal + 1), 14);
  }
});

test('every metric is as high as it can be at the top alone and stays within [0, 1]', () => {
  for (const name of ofRankings) {
    const row = metrics[name]!;
    const best = name === 'precision' ? 0.1 : 1;
    expect(row.ofRanking!(one(0, 0, 1000), { k: 10 })).toBe(best);
    expect(row.ofRanking!(one(0, 0, 1), { k: 10 })).toBe(best);
    const last = row.ofRanking!(one(999, 0, 1000), { k: 10 });
    expect(last).toBeGreaterThanOrEqual(0);
    expect(last).toBeLessThan(0.01);
  }
});
