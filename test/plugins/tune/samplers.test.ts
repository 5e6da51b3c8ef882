import { describe, expect, it } from 'vitest';
import type { Dimension, Point, SearchSpace } from '../../../src/app/api/tune.ts';
import { makeRandom } from '../../../src/base/random/random.ts';
import { normalBelow, type Sampler, samplers } from '../../../src/plugins/tune/samplers.ts';

const real = (name: string, from: number, to: number, log = false): Dimension => ({
  name,
  domain: { kind: 'range', from, to, log, whole: false },
});

interface Known {
  readonly name: string;
  readonly space: SearchSpace;
  readonly best: number;
  of(point: Point): number;
}

const functions: readonly Known[] = [
  {
    name: 'Branin',
    space: [real('x', -5, 10), real('y', 0, 15)],
    best: -0.397887,
    of: ({ x, y }) => {
      const a = y! - (5.1 / (4 * Math.PI ** 2)) * x! ** 2 + (5 / Math.PI) * x! - 6;
      return -(a * a + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x!) + 10);
    },
  },
  {
    name: 'a rate, a width and a word',
    space: [
      real('rate', 1e-5, 1, true),
      { name: 'width', domain: { kind: 'range', from: 8, to: 256, log: true, whole: true } },
      { name: 'word', domain: { kind: 'choices', texts: ['a', 'b', 'c', 'd'] } },
    ],
    best: 0,
    of: ({ rate, width, word }) =>
      -((Math.log10(rate!) + 2.5) ** 2) - (Math.log2(width!) - 6) ** 2 / 4 - (word === 2 ? 0 : 1),
  },
];

/** The best of a search, by the number of its points. */
function bestOf({ space, of }: Known, sampler: Sampler, seed: number, points: number): number {
  const tried: { readonly point: Point; readonly value: number }[] = [];
  for (let at = 0; at < points; at++) {
    const ranked = [...tried].sort((a, b) => b.value - a.value).map(({ point }) => point);
    const point = sampler(space, ranked, makeRandom(seed, at));
    tried.push({ point, value: of(point) });
  }
  return Math.max(...tried.map(({ value }) => value));
}

describe.each(functions)('on $name', (known) => {
  it('tpe comes nearer to the best than chance does', () => {
    const seeds = Array.from({ length: 24 }, (_, at) => at + 1);
    const regret = (sampler: Sampler): number[] =>
      seeds.map((seed) => known.best - bestOf(known, sampler, seed, 60)).sort((a, b) => a - b);
    const [tpe, random] = [regret(samplers.tpe), regret(samplers.random)];
    const mean = (all: number[]): number => all.reduce((sum, one) => sum + one, 0) / all.length;
    expect(mean(tpe)).toBeLessThan(0.6 * mean(random));
    // The median too: not only the worst ones are better.
    expect(tpe[12]!).toBeLessThan(random[12]!);
  });

  it('a seed gives the same points', () => {
    expect(bestOf(known, samplers.tpe, 5, 30)).toBe(bestOf(known, samplers.tpe, 5, 30));
  });
});

it('the normal distribution is that of tables', () => {
  for (const [z, share] of [
    [0, 0.5],
    [1, 0.841345],
    [-1.96, 0.024998],
    [3, 0.99865],
  ] as const) {
    expect(normalBelow(z)).toBeCloseTo(share, 5);
  }
});
