import { expect, it } from 'vitest';
import { rowsOf } from '../../../src/data/dataset.ts';
import { encodeValue } from '../../../src/data/encoders/value.ts';
import { type ClockPart, clockParts } from '../../../src/graph/plan/plan.ts';
import fc from '../../fast_check.ts';

const codeOf = (part: ClockPart, value: unknown): number => {
  const encoded = encodeValue({ kind: 'clock', part }, value);
  return encoded.kind === 'code' ? encoded.code : expect.fail('a clock gives one code');
};

it('reads the clock as the calendar of the platform does, before 1970 too', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -4e9, max: 8e9 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (whole, fraction) => {
        const seconds = whole + fraction;
        const date = new Date(Math.floor(seconds) * 1000);
        const weekday = (date.getUTCDay() + 6) % 7;
        expect(codeOf('hour', seconds)).toBe(date.getUTCHours());
        expect(codeOf('weekday', seconds)).toBe(weekday);
        expect(codeOf('month', seconds)).toBe(date.getUTCMonth());
        expect(codeOf('week_hour', seconds)).toBe(weekday * 24 + date.getUTCHours());
      },
    ),
    { numRuns: 300 },
  );
});

it('knows a day: Friday the 7th of June 2024, half past nine', () => {
  const seconds = Date.UTC(2024, 5, 7, 9, 30) / 1000;
  expect((['hour', 'weekday', 'month', 'week_hour'] as const).map((part) => codeOf(part, seconds))).toEqual([
    9, 4, 5, 105,
  ]);
});

it('counts the hours since 1970, until the end of 2069', () => {
  expect(codeOf('moment', Date.UTC(2024, 5, 7, 9, 30) / 1000)).toBe(Date.UTC(2024, 5, 7, 9) / 3_600_000);
  expect(codeOf('moment', Date.UTC(2069, 11, 31, 23, 59) / 1000)).toBe(clockParts.moment - 1);
  expect([Date.UTC(2070, 0, 1), -1000].map((at) => codeOf('moment', at / 1000))).toEqual([876_600, 876_600]);
});

it('keeps the row after the last for a missing moment, and has a row for each code', () => {
  for (const [part, count] of Object.entries(clockParts) as [ClockPart, number][]) {
    expect([null, '', Number.NaN].map((value) => codeOf(part, value))).toEqual([count, count, count]);
    expect(codeOf(part, 1e300)).toBeLessThanOrEqual(count);
    expect(rowsOf({ kind: 'clock', part })).toBe(count + 1);
  }
});
