/**
 * Encodes a part of a moment, which is given in seconds since 1970-01-01 00:00 UTC: hour 0 … 23, weekday 0 (Monday) … 6, month 0 (January) … 11, week_hour 0
 * (Monday, midnight) … 167, moment: hours since 1970, until the end of 2069. A missing moment has the code after the last.
 */
import { type ClockPart, clockParts } from '../../graph/plan/plan.ts';
import type { FitEncoder, MakeCoder } from './encoder_contract.ts';

export const fitClock: FitEncoder<'clock'> = ({ part }) => ({ kind: 'clock', part });

export const clockCoder: MakeCoder<'clock'> = ({ part }) => ({
  reads: 'number',
  gives: 'code',
  code: (seconds) => {
    const code = Number.isNaN(seconds) ? Number.NaN : codes[part](seconds);
    // Far from 1970 JavaScript's calendar ends and the code is NaN, and hours since then are no code.
    return code >= 0 && code < clockParts[part] ? code : clockParts[part];
  },
});

const codes: Readonly<Record<ClockPart, (seconds: number) => number>> = {
  hour: (seconds) => modulo(Math.floor(seconds / 3600), 24),
  weekday: (seconds) => modulo(daysSinceMonday(seconds), 7),
  month: (seconds) => new Date(seconds * 1000).getUTCMonth(),
  week_hour: (seconds) => modulo(daysSinceMonday(seconds), 7) * 24 + modulo(Math.floor(seconds / 3600), 24),
  moment: (seconds) => Math.floor(seconds / 3600),
};

/** 1970 began on a Thursday. */
const daysSinceMonday = (seconds: number): number => Math.floor(seconds / 86_400) + 3;

const modulo = (value: number, by: number): number => ((value % by) + by) % by;
