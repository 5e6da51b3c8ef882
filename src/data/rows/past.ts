/** Where the training part ends, and what of the data lies before the end of an earlier run. */
import { defined } from '../../defined.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import type { Pinned } from '../pinned.ts';
import { freshRows, type Until, untilOf } from './fresh.ts';
import type { OrderedEvents } from './order_events.ts';

export interface Past {
  readonly until?: Until;
  /** As in `Events`. */
  readonly fresh?: Int32Array;
  /** As in `Dataset`. */
  readonly heldOutBefore?: number;
}

export interface ToCompare {
  readonly wanted: ColumnRequests;
  readonly pinned?: Pinned;
}

/** Nothing is known of events without a time. */
export function pastOf({ wanted, pinned }: ToCompare, arranged: OrderedEvents): Past {
  const { stream, places } = arranged;
  const { times } = stream;
  if (times === undefined || wanted.time === undefined) return {};
  const unit = unitOf(wanted.time.column.type);
  const training = trainingTimes(wanted, arranged)!;
  const own = untilOf(training);
  const before = pinned?.until;
  const until = own && before && before.time > own.time ? before : own;
  const trained = pinned?.trainedUntil ?? before;
  const earlier = (events: Int32Array): number =>
    events.reduce((count, event) => count + (times[event]! / unit < trained!.time ? 1 : 0), 0);
  return defined({
    until,
    fresh: pinned?.fresh && freshRows(training, pinned.fresh),
    heldOutBefore: trained && earlier(places.validation) + earlier(places.test),
  });
}

/** Of each training event, in the unit of `Until`; undefined where the data has no time. */
export function trainingTimes({ time }: ColumnRequests, { stream, places }: OrderedEvents): Float64Array | undefined {
  const { times } = stream;
  if (times === undefined || time === undefined) return undefined;
  const unit = unitOf(time.column.type);
  return Float64Array.from(places.train, (event) => times[event]! / unit);
}

/** Parts of a second: the database gives dates and times in microseconds. */
const unitOf = (type: string): number => (/^(DATE|TIMESTAMP)/.test(type) ? 1e6 : 1);
