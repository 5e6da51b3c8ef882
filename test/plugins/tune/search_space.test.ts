import { describe, expect, it } from 'vitest';
import type { Dimension } from '../../../src/app/api/tune.ts';
import { makeRandom } from '../../../src/base/random/random.ts';
import {
  countPoints,
  domainWords,
  drawValue,
  isAtEnd,
  settingsOf,
  usualPoint,
} from '../../../src/plugins/tune/search_space.ts';

const range = (from: number, to: number, log = false, whole = false): Dimension => ({
  name: 'x',
  domain: { kind: 'range', from, to, log, whole },
});
const draws = (dimension: Dimension): number[] =>
  Array.from({ length: 2000 }, (_, at) => drawValue(dimension, makeRandom(7, at)));

describe('a value that is drawn', () => {
  it.each([range(0, 0.5), range(1e-4, 0.1, true), range(-3, 3), range(8, 64, false, true), range(1, 64, true, true)])(
    'is within $domain',
    (dimension) => {
      const { from, to, whole } = dimension.domain as Extract<Dimension['domain'], { kind: 'range' }>;
      const all = draws(dimension);
      expect(Math.min(...all)).toBeGreaterThanOrEqual(from);
      expect(Math.max(...all)).toBeLessThanOrEqual(to);
      if (whole) expect(all.every(Number.isInteger)).toBe(true);
      // The text of a setting is the number itself.
      for (const value of all) expect(Number(String(value))).toBe(value);
    },
  );

  it('of a logarithm is as often in each decade', () => {
    const all = draws(range(1e-4, 0.1, true));
    const share = all.filter((value) => value < 1e-3).length / all.length;
    expect(share).toBeGreaterThan(0.29);
    expect(share).toBeLessThan(0.38);
  });

  it('of whole numbers is each end as often as the others', () => {
    const all = draws(range(1, 4, false, true));
    for (const value of [1, 2, 3, 4]) {
      expect(all.filter((one) => one === value).length / all.length).toBeCloseTo(0.25, 1);
    }
  });
});

it('a point is settings, and the file itself may be one', () => {
  const space: Dimension[] = [
    { name: 'body', domain: { kind: 'choices', texts: ['deep', 'wide -> dense(4)'] }, usual: 0 },
    { ...range(8, 16, false, true), usual: 8 },
  ];
  expect(settingsOf(space, { body: 1, x: 9 })).toEqual({ body: 'wide -> dense(4)', x: '9' });
  expect(usualPoint(space)).toEqual({ body: 0, x: 8 });
  expect(usualPoint([space[0]!, range(0, 1)])).toBeUndefined();
  expect(countPoints(space)).toBe(18);
  expect(countPoints([range(0, 1)])).toBe(Number.POSITIVE_INFINITY);
  expect(domainWords(space[1]!)).toBe('8 to 16, whole numbers');
});

describe('a value at the end of its range', () => {
  it.each([
    [range(1e-4, 1e-2, true), 0.0085, true],
    [range(1e-4, 1e-2, true), 0.005, false],
    [range(1e-4, 1e-2, true), 1.2e-4, true],
    [range(0, 1), 0.95, true],
    [range(0, 1), 0.9, false],
    [range(8, 64, false, true), 8, true],
    [range(8, 8, false, true), 8, false],
    [{ name: 'x', domain: { kind: 'choices', texts: ['a', 'b'] } } satisfies Dimension, 0, false],
  ])('of $domain: %d', (dimension, value, expected) => {
    expect(isAtEnd(dimension, value)).toBe(expected);
  });
});
