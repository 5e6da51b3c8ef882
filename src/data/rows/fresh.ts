/** Finds the end of the training part, the events that are new to a run which continues an earlier one, and the earlier events that it replays. */
import { failure } from '../../base/diagnostics/diagnostic.ts';
import type { ReadPlan } from '../binding/data_layout.ts';
import type { Events, Fresh, Part, Until } from '../dataset.ts';
import type { Pinned } from '../pinned.ts';

/** @param times of the training events, ascending, in the unit of `Until` */
export function untilOf(times: ArrayLike<number> = []): Until | undefined {
  const { length } = times;
  if (length === 0) return undefined;
  const time = times[length - 1]!;
  let events = 0;
  while (events < length && times[length - 1 - events] === time) events++;
  return { time, events };
}

/** Returns the end of the training part if it consists of two parts that end so. */
export function laterEnd(left: Until | undefined, right: Until | undefined): Until | undefined {
  if (!left || !right) return left ?? right;
  if (left.time === right.time) return { time: left.time, events: left.events + right.events };
  return left.time > right.time ? left : right;
}

/** Returns the rows of new events, which are the end of the training part, in ascending order. @param times as above */
export function freshRows(times: ArrayLike<number>, fresh: Fresh): Int32Array {
  const firstRow =
    'since' in fresh ? firstAfter(times, { time: fresh.since, events: 0 }) : firstAfter(times, fresh.after);
  return Int32Array.from({ length: times.length - firstRow }, (_, index) => firstRow + index);
}

/** Returns the index after the events that a run had. Of its last time these are the first `events`: events with equal times keep the order of the files. */
export function firstAfter(times: ArrayLike<number>, { time, events }: Until, unit = 1): number {
  let first = 0;
  while (first < times.length && times[first]! / unit < time) first++;
  for (let had = 0; had < events && first < times.length && times[first]! / unit === time; had++) first++;
  return first;
}

/** The end of the year 9999. From January 1978 on, milliseconds since 1970 and finer units are greater. */
export const lastSecond = 253_402_300_799;

export const maybeSeconds = (time: number): boolean => Math.abs(time) <= lastSecond;

export const isMoment = (time: number): boolean => Math.abs(time) > 365 * 86_400 && maybeSeconds(time);

/** Formats a time as a date if it may be one. A number of less than a year since 1970 is an index and not a date. */
export const momentWords = (time: number): string =>
  isMoment(time)
    ? `${new Date(time * 1000)
        .toISOString()
        .replace('T', ' ')
        .replace(/(\.000)?Z$/, '')} UTC`
    : String(time);

/** Returns the time for programs: in ISO 8601, or as a number. */
export const momentOf = (time: number): string | number =>
  isMoment(time) ? new Date(time * 1000).toISOString().replace(/\.000Z$/, 'Z') : time;

/** A moment that the user has given. */
export interface RequestedMoment {
  readonly time: number;
  /** True for a date, so that `time` is in seconds. Otherwise it is in the unit of the data. */
  readonly isDate: boolean;
  readonly text: string;
}

/** @param option the option with the moment, for messages. @throws Failure `since-unreadable` */
export function momentAsked(moment: string | number, option: string): RequestedMoment {
  const text = String(moment);
  const isDate = typeof moment === 'string' && !/^-?[\d.]+(e\d+)?$/i.test(moment);
  const time = isDate ? secondsOf(text) : Number(text);
  if (!Number.isFinite(time)) throw failure('since-unreadable', { text, option });
  return { time, isDate, text };
}

/** Parses ISO 8601, in UTC if the text has no zone. */
function secondsOf(text: string): number {
  if (!/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text)) return Number.NaN;
  const day = text.slice(0, 10);
  // Without this check the 30th of February would become the 1st of March.
  const date = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== day) return Number.NaN;
  const isZoned = text.length === 10 || /(Z|[+-]\d\d:?\d\d)$/.test(text.slice(10));
  return Date.parse(isZoned ? text : `${text.replace(' ', 'T')}Z`) / 1000;
}

/** The end of the training part, and the data from before the end of an earlier run. */
export interface Past {
  readonly until?: Until;
  readonly fresh?: Int32Array;
  readonly heldOutBefore?: number;
}

/** Events sorted by time, and which of them each part has. */
interface TimedEvents {
  readonly stream: { readonly times?: ArrayLike<number> };
  readonly eventIndexes: Readonly<Record<Part, Int32Array>>;
}

interface PastInput {
  readonly readPlan: ReadPlan;
  readonly pinned?: Pinned;
}

/** Returns an empty object for events without a time. */
export function pastOf({ readPlan, pinned }: PastInput, arranged: TimedEvents): Past {
  const { stream, eventIndexes } = arranged;
  const { times } = stream;
  if (times === undefined || readPlan.time === undefined) return {};
  const unit = unitOf(readPlan.time.column.type);
  const timesOfTraining = trainingTimes(readPlan, arranged)!;
  const ownUntil = untilOf(timesOfTraining);
  const pinnedUntil = pinned?.until;
  const until = ownUntil && pinnedUntil && pinnedUntil.time > ownUntil.time ? pinnedUntil : ownUntil;
  const trainedUntil = pinned?.trainedUntil ?? pinnedUntil;
  const had = pinned?.trainedAll ? undefined : { events: 0 };
  const firstLater = trainedUntil && firstAfter(times, { ...trainedUntil, ...had }, unit);
  const countEarlier = (events: Int32Array): number =>
    events.reduce((count, event) => count + (event < firstLater! ? 1 : 0), 0);
  return {
    until,
    fresh: pinned?.fresh && freshRows(timesOfTraining, pinned.fresh),
    heldOutBefore: trainedUntil && countEarlier(eventIndexes.validation) + countEarlier(eventIndexes.test),
  };
}

/** Returns the time of each training event, in the unit of `Until`; undefined if the data has no time. */
export function trainingTimes({ time }: ReadPlan, { stream, eventIndexes }: TimedEvents): Float64Array | undefined {
  const { times } = stream;
  if (times === undefined || time === undefined) return undefined;
  const unit = unitOf(time.column.type);
  return Float64Array.from(eventIndexes.train, (event) => times[event]! / unit);
}

/** Returns the number of units in a second: the database returns dates and times in microseconds. */
export const unitOf = (type: string): number => (/^(DATE|TIMESTAMP)/.test(type) ? 1e6 : 1);

/**
 * Replay: a run on new events also trains on some earlier events, which are drawn anew in each epoch. Only new events would teach a model to distinguish the
 * few items of today, and it would forget the others (experience replay: Lin 1992; for recommenders Mi et al., RecSys 2020).
 */
type ReplayedEvents = Pick<Events, 'rows' | 'fresh' | 'replay'>;

/** Returns the number of earlier events in an epoch: `replay` for each new event, but at most all. */
export function replayedEvents({ rows, fresh, replay = 0, units }: ReplayedEvents & Pick<Events, 'units'>): number {
  if (units) return units.replayed ?? 0;
  return fresh === undefined ? 0 : Math.min(rows - fresh.length, Math.round(replay * fresh.length));
}

/** Returns the number of new events; undefined if a run does not go on from an earlier one. */
export const freshCount = ({ fresh, units }: Pick<Events, 'fresh' | 'units'>): number | undefined =>
  fresh?.length ?? units?.fresh;

export function replayedShare(events: ReplayedEvents & Pick<Events, 'replayedShare'>): number {
  if (events.replayedShare !== undefined) return events.replayedShare;
  const addedEvents = replayedEvents(events);
  return addedEvents === 0 ? 0 : addedEvents / (events.rows - events.fresh!.length);
}

export function earlierEvents({ rows, fresh = new Int32Array(0) }: ReplayedEvents): Int32Array {
  const isNew = new Uint8Array(rows);
  for (const row of fresh) isNew[row] = 1;
  const earlier = new Int32Array(rows - fresh.length);
  let earlierCount = 0;
  for (let row = 0; row < rows; row++) if (isNew[row] === 0) earlier[earlierCount++] = row;
  return earlier;
}
