import { describe, expect, it } from 'vitest';
import { timeError, timeScale } from '../../../src/data/rows/time_scale.ts';

const now = Date.parse('2026-12-03T12:00:00Z') / 1000;
const day = 86_400;

describe('a time among others', () => {
  it.each<[string, number, number, string | undefined]>([
    ['of the same year', 1.7e9, 1.69e9, undefined],
    ['of this evening', 1.7e9, now + day / 2, undefined],
    ['of next week', 1.7e9, now + 7 * day, 'is later than tomorrow'],
    ['in milliseconds', 1.7e9, 1.7e12, 'is a time in milliseconds, and most times are in seconds'],
    ['in microseconds', 1.7e9, 1.7e15, 'is a time in microseconds, and most times are in seconds'],
    ['in seconds', 1.7e12, 1.7e9, 'is a time in seconds, and most times are in milliseconds'],
    ['0', 1.7e9, 0, 'is before 1971, and most times are after it'],
    ['below 0', 1.7e9, -5, 'is before 1971, and most times are after it'],
    ['of 1950, among times of 1960', -3e8, -6e8, undefined],
    ['of next week, among times of the next century', 5e9, now + 7 * day, undefined],
    [
      'in milliseconds, among times of the next century',
      5e9,
      1.7e12,
      'is a time in milliseconds, and most times are in seconds',
    ],
    ['an index, among indexes', 12, 40_000, undefined],
    ['a moment, among indexes', 12, 1.7e9, 'is a million times as large as most times'],
  ])('%s', (_, typical, time, error) => {
    expect(timeError(time, timeScale(typical, now))).toBe(error);
  });
});
