import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import type { Measure } from '../../../src/training/evaluation/figures.ts';
import { bootstrap, slicesOf, worstSlice } from '../../../src/training/evaluation/slices.ts';
import type { ScoringTask } from '../../../src/training/scoring/scorer.ts';

describe('the bootstrap', () => {
  const random = makeRandom(5);
  const events = 4000;
  const series = Float64Array.from({ length: events }, () => (random.next() < 0.2 ? 1 : 0));
  const alone = Int32Array.from({ length: events }, (_, row) => row);

  it('of independent events has the width that the normal approximation foretells', () => {
    const { means } = bootstrap({ series: [series], group: alone, groups: events });
    const mean = series.reduce((a, b) => a + b, 0) / events;
    const half = 1.96 * Math.sqrt((mean * (1 - mean)) / events);
    expect(means[0]!.mean).toBeCloseTo(mean, 12);
    expect(means[0]!.high - means[0]!.low).toBeGreaterThan(1.85 * half);
    expect(means[0]!.high - means[0]!.low).toBeLessThan(2.15 * half);
  });

  it('of users whose events are all alike is as wide as of one event each', () => {
    const perUser = 20;
    const users = events / perUser;
    const group = alone.map((row) => Math.floor(row / perUser));
    const alike = series.map((_, row) => series[Math.floor(row / perUser)]!);
    const grouped = bootstrap({ series: [alike], group, groups: users }).means[0]!;
    const naive = bootstrap({ series: [alike], group: alone, groups: events }).means[0]!;
    const ratio = (grouped.high - grouped.low) / (naive.high - naive.low);
    expect(ratio).toBeGreaterThan(0.85 * Math.sqrt(perUser));
    expect(ratio).toBeLessThan(1.15 * Math.sqrt(perUser));
  });

  it('pairs: a series that is better by 0.1 everywhere differs by 0.1 in every draw', () => {
    const better = series.map((value) => value + 0.1);
    const { differences } = bootstrap({ series: [series, better], group: alone, groups: events });
    expect(differences[0]).toEqual({ mean: 0, low: 0, high: 0 });
    for (const value of Object.values(differences[1]!)) expect(value).toBeCloseTo(0.1, 10);
  });

  it('is the same for the same seed, and another for another', () => {
    const once = bootstrap({ series: [series], group: alone, groups: events }, { draws: 50 });
    expect(bootstrap({ series: [series], group: alone, groups: events }, { draws: 50 })).toEqual(once);
    expect(bootstrap({ series: [series], group: alone, groups: events }, { draws: 50, seed: 2 })).not.toEqual(once);
  });
});

const int = (...values: number[]): Int32Array => Int32Array.from(values);
const noHistory = {
  events: { rows: 5, item: int(0, 1, 1, 2, -1), user: int(0, 0, 1, 1, -1), features: new Map(), labels: new Map() },
  corpus: { rows: 3, trainingCounts: int(0, 2, 45), features: new Map(), keys: ['a', 'b', 'c'] },
  users: {
    rows: 2,
    features: new Map(),
    keys: ['x', 'y'],
    seen: { kind: 'bags', starts: int(0, 7), ends: int(7, 8), values: int() },
  },
} as unknown as ScoringTask;
const ranks = { better: int(0, 0, 3, 1, 0), equal: int(0, 0, 0, 0, 0), corpus: int(3, 3, 3, 3, 0) };
const first: Measure = { label: 'first', of: ({ groups }) => (groups[0]?.better === 0 ? 1 : 0) };
const figures = (slices: readonly { name: string; events: number; figures: Readonly<Record<string, number>> }[]) =>
  slices.map(({ name, events, figures }) => [name, events, figures.first]);

it('slices by the training events of the item; cold and absent items are misses', () => {
  expect(figures(slicesOf(noHistory, ranks, [first]).popularity)).toEqual([
    ['none (cold)', 2, 0],
    ['1–2', 2, 0.5],
    ['30–45', 1, 0],
  ]);
});

it('slices by the user’s training events where no history is read', () => {
  const slices = slicesOf(noHistory, ranks, [first]);
  expect(slices.historyIs).toBe('training');
  expect(figures(slices.history)).toEqual([
    ['0', 1, 0],
    ['1–4', 2, 0],
    ['5–7', 2, 0.5],
  ]);
});

it('slices by the history that is read with the event, through its index', () => {
  const bags = { kind: 'bags' as const, starts: int(0, 0), ends: int(0, 12), values: int() };
  const slices = slicesOf({ ...noHistory, history: { bags, index: int(1, 1, 0, 0, 0) } }, ranks, [first]);
  expect(slices.historyIs).toBe('read');
  expect(figures(slices.history)).toEqual([
    ['0', 3, 0],
    ['10–12', 2, 0.5],
  ]);
});

it('slices the items of each user, where users are measured, and the users by the event that asks', () => {
  const share: Measure = {
    label: 'first',
    of: ({ groups, count }) => (groups[0]?.better === 0 ? groups[0].heldOutCount : 0) / count,
  };
  const slices = slicesOf({ ...noHistory, per: 'user' }, ranks, [share]);
  // x holds out a cold item and b; y holds out b and c; nobody holds out what is in no corpus.
  expect(figures(slices.popularity)).toEqual([
    ['none (cold)', 2, 0],
    ['1–2', 2, 0.5],
    ['30–45', 1, 0],
  ]);
  expect(figures(slices.history)).toEqual([
    ['0', 1, 0],
    ['1–4', 2, 0],
    ['5–7', 2, 0.5],
  ]);
});

it('calls none the worst where only one slice has enough events', () => {
  const { popularity } = slicesOf(noHistory, ranks, [first]);
  expect(worstSlice(popularity, 'first', 2)?.name).toBe('none (cold)');
  expect(worstSlice(popularity, 'first', 3)).toBeUndefined();
});

it('slices by the value of a feature of the query, the most frequent first and the rest together', () => {
  const context = {
    feature: 'device',
    words: (code: number) => 'abc'[code]!,
    training: int(),
    item: int(),
    asked: int(1, 1, 0, 1, 2),
  };
  const { by } = slicesOf({ ...noHistory, context }, ranks, [first]);
  expect(by!.feature).toBe('device');
  expect(figures(by!.slices)).toEqual([
    ['b', 3, 1 / 3],
    ['a', 1, 0],
    ['c', 1, 0],
  ]);
  const many = Int32Array.from({ length: 30 }, (_, row) => row);
  const events = { rows: 30, item: many.map(() => 1), user: many.map(() => 0), features: new Map(), labels: new Map() };
  const wide = { ...context, words: (code: number) => `${code}`, asked: many };
  const all = { better: many, equal: many.map(() => 0), corpus: many.map(() => 30) };
  const { slices } = slicesOf({ ...noHistory, events, context: wide }, all, [first]).by!;
  expect(slices).toHaveLength(20);
  expect(slices.at(-1)).toMatchObject({ name: '11 others', events: 11 });
});
