import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { importanceOf } from '../../../src/training/tune/importance.ts';
import { drawValue, type Point, type SearchSpace } from '../../../src/training/tune/space.ts';

const space: SearchSpace = [
  { name: 'a', domain: { kind: 'range', from: 0, to: 1, log: false, whole: false } },
  { name: 'b', domain: { kind: 'range', from: 1e-4, to: 1, log: true, whole: false } },
  { name: 'c', domain: { kind: 'choices', texts: ['x', 'y', 'z'] } },
  { name: 'idle', domain: { kind: 'range', from: 1, to: 9, log: false, whole: true } },
];
const scored = (count: number, of: (point: Point) => number) =>
  Array.from({ length: count }, (_, at) => {
    const random = makeRandom(3, at);
    const point = Object.fromEntries(space.map((one) => [one.name, drawValue(one, random)]));
    return { point, value: of(point) };
  });
const shares = (of: (point: Point) => number, count = 150): Readonly<Record<string, number>> =>
  Object.fromEntries(importanceOf(space, scored(count, of)).map(({ name, share }) => [name, share]));

describe('the importance of parameters', () => {
  it('of a sum is their share of its variance', () => {
    // Variances of uniform numbers in [0, 1]: 9/12, and of log b, which is uniform too, 1/12.
    const found = shares(({ a, b }) => 3 * a! + (Math.log(b!) - Math.log(1e-4)) / -Math.log(1e-4));
    expect(found.a).toBeGreaterThan(0.85);
    expect(found.a).toBeLessThan(0.95);
    expect(found.b).toBeGreaterThan(0.05);
    expect(found.b).toBeLessThan(0.15);
    expect(found.c! + found.idle!).toBeLessThan(0.02);
  });

  it('finds a choice', () => {
    const found = shares(({ c, a }) => (c === 1 ? 1 : 0) + 0.1 * a!);
    expect(found.c).toBeGreaterThan(0.9);
  });

  it('leaves to combinations what no parameter explains by itself', () => {
    const found = shares(({ a, idle }) => (a! > 0.5 === idle! > 5 ? 1 : 0));
    expect(Object.values(found).reduce((sum, share) => sum + share, 0)).toBeLessThan(0.7);
  });

  it('is not stated of few points, or of equal values', () => {
    expect(
      importanceOf(
        space,
        scored(7, ({ a }) => a!),
      ),
    ).toEqual([]);
    expect(
      importanceOf(
        space,
        scored(20, () => 1),
      ),
    ).toEqual([]);
  });
});
