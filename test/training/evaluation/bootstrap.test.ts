import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { bootstrap } from '../../../src/training/evaluation/bootstrap.ts';

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
