/** Finds where the training part ends, and which data lies before the end of an earlier run. */
import { defined } from '../../base/util/defined.ts';
import type { ReadPlan } from '../binding/layout.ts';
import type { Pinned } from '../pinned.ts';
import { freshRows, type Until, untilOf } from './fresh.ts';
import type { OrderedEvents } from './order_events.ts';

export interface Past {
  readonly until?: Until;
  readonly fresh?: Int32Array;
  readonly heldOutBefore?: number;
}

export interface PastInput {
  readonly readPlan: ReadPlan;
  readonly pinned?: Pinned;
}

/** Returns nothing for events without a time. */
export function pastOf({ readPlan, pinned }: PastInput, arranged: OrderedEvents): Past {
  const { stream, places } = arranged;
  const { times } = stream;
  if (times === undefined || readPlan.time === undefined) return {};
  const unit = unitOf(readPlan.time.column.type);
  const timesOfTraining = trainingTimes(readPlan, arranged)!;
  const ownUntil = untilOf(timesOfTraining);
  const pinnedUntil = pinned?.until;
  const until = ownUntil && pinnedUntil && pinnedUntil.time > ownUntil.time ? pinnedUntil : ownUntil;
  const trainedUntil = pinned?.trainedUntil ?? pinnedUntil;
  const countEarlier = (events: Int32Array): number =>
    events.reduce((count, event) => count + (times[event]! / unit < trainedUntil!.time ? 1 : 0), 0);
  return defined({
    until,
    fresh: pinned?.fresh && freshRows(timesOfTraining, pinned.fresh),
    heldOutBefore: trainedUntil && countEarlier(places.validation) + countEarlier(places.test),
  });
}

/** Returns the time of each training event, in the unit of `Until`; undefined where the data has no time. */
export function trainingTimes({ time }: ReadPlan, { stream, places }: OrderedEvents): Float64Array | undefined {
  const { times } = stream;
  if (times === undefined || time === undefined) return undefined;
  const unit = unitOf(time.column.type);
  return Float64Array.from(places.train, (event) => times[event]! / unit);
}

/** Returns the parts of a second: the database gives dates and times in microseconds. */
const unitOf = (type: string): number => (/^(DATE|TIMESTAMP)/.test(type) ? 1e6 : 1);
