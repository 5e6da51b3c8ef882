/**
 * Judges a time by the other times of its column. One in milliseconds among seconds, or of the next century, would be the latest for ever: each later event would
 * be an event of the past, which no training takes as new and no answer shows.
 */
import { isMoment, lastSecond } from './fresh.ts';

/** The range of the times of a column, in its own unit, where dates count in seconds. */
export interface TimeScale {
  readonly low: number;
  readonly high: number;
  /** Number of units in a second; undefined if the times are no moments, such as indexes. */
  readonly perSecond?: number;
}

const unitNames = new Map([
  [1, 'seconds'],
  [1e3, 'milliseconds'],
  [1e6, 'microseconds'],
  [1e9, 'nanoseconds'],
]);

const secondsOfDay = 86_400;

/** @param typical a time of the column that is right, such as its median @param now in seconds since 1970 */
export function timeScale(typical: number, now: number): TimeScale {
  const perSecond = unitOfMoment(typical);
  if (perSecond === undefined) {
    // Indexes within users reach a thousand times their median, where a few users have most events.
    const high = 1e6 * Math.max(1, Math.abs(typical));
    return { low: -high, high };
  }
  const firstSecond = typical < 0 ? -lastSecond : secondsOfYear;
  // Where most times are in the future, today says nothing about them.
  const seconds = typical / perSecond > now + secondsOfDay ? lastSecond : now + secondsOfDay;
  return { low: firstSecond * perSecond, high: seconds * perSecond, perSecond };
}

/** Returns what is wrong with a time, as the end of a sentence of which the time is the subject. */
export function timeError(time: number, { low, high, perSecond }: TimeScale): string | undefined {
  if (time >= low && time <= high) return undefined;
  if (perSecond === undefined) return 'is a million times as large as most times';
  const ownUnit = unitOfMoment(time);
  if (ownUnit !== undefined && ownUnit !== perSecond)
    return `is a time in ${unitNames.get(ownUnit)}, and most times are in ${unitNames.get(perSecond)}`;
  return time > high ? 'is later than tomorrow' : 'is before 1971, and most times are after it';
}

const secondsOfYear = 365 * secondsOfDay;

const unitOfMoment = (time: number): number | undefined =>
  [...unitNames.keys()].find((perSecond) => isMoment(time / perSecond));
