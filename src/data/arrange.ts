/** The order of events, the part each belongs to, and the items and users they are about: all that is encoded is read by these. */
import type { DataDescription } from '../model/model.ts';
import type { Part } from './dataset.ts';
import { gather, gatherNumbers, markedRows, placesOf } from './gather.ts';
import type { Good } from './good.ts';
import { makeTimeline, type Stream, type Timeline } from './history.ts';
import { type KeyRows, keyRows } from './keys.ts';
import type { RawCodes, RawNumbers } from './raw.ts';
import { parts, splitEvents } from './split.ts';
import type { Wanted } from './wanted.ts';

export interface Arranged {
  /** Row ids of the good events in the order of time: from here on an event is its place in this order. */
  readonly order: Int32Array;
  readonly stream: Stream;
  readonly items: KeyRows;
  readonly users: KeyRows;
  /** For each event its place in `parts`. */
  readonly part: Uint8Array;
  /** The events of each part, ascending. */
  readonly places: Readonly<Record<Part, Int32Array>>;
  /** Says how events were split. */
  readonly sentence: string;
}

/** Throws Failure where a part that was asked for is empty. */
export function arrange(good: Good, wanted: Wanted, { split, span }: DataDescription): Arranged {
  const { events, dictionaries } = good;
  const order = markedRows(events.kept, good.timeOrder);
  const items = keyRows(wanted.itemKey, events, good.items, order, dictionaries);
  const users = keyRows(wanted.userKey, events, good.users, order, dictionaries);
  const time = wanted.time && (events.columns.get(wanted.time) as RawNumbers).values;
  const stream: Stream = {
    user: users.ofEvent,
    users: users.keys.length,
    ...(time === undefined ? {} : { times: gatherNumbers(time, order, new Float64Array(order.length)) }),
  };
  const folds = foldsOf(good, wanted, order);
  const { part, sentence } = splitEvents(split, { rows: order.length, ...stream, ...(folds ? { folds } : {}) }, span);
  const places = { train: placesOf(part, 0), validation: placesOf(part, 1), test: placesOf(part, 2) };
  return { order, stream, items, users, part, places, sentence };
}

/** The part that each event's column names, as its place in `parts`. */
function foldsOf({ events, dictionaries }: Good, { fold }: Wanted, order: Int32Array): Uint8Array | undefined {
  if (fold === undefined) return undefined;
  const { values } = events.columns.get(fold) as RawCodes;
  const byCode = dictionaries.get('fold')!.map((text) => (parts as readonly string[]).indexOf(text));
  return Uint8Array.from(order, (row) => byCode[values[row]!]!);
}

/** Row ids of events of a part. */
export function rowsOfPart({ order, places }: Arranged, part: Part): Int32Array {
  return gather(order, places[part]);
}

/** How many training events each item or user has. */
export function trainingCounts({ places: { train } }: Arranged, { keys, ofEvent }: KeyRows): Int32Array {
  const counts = new Int32Array(keys.length);
  for (let i = 0; i < train.length; i++) if (ofEvent[train[i]!]! >= 0) counts[ofEvent[train[i]!]!]!++;
  return counts;
}

/** Row id of the last training event of each item or user; −1 where there is none. */
export function lastTraining({ order, places: { train } }: Arranged, { keys, ofEvent }: KeyRows): Int32Array {
  const last = new Int32Array(keys.length).fill(-1);
  for (let i = 0; i < train.length; i++) if (ofEvent[train[i]!]! >= 0) last[ofEvent[train[i]!]!] = order[train[i]!]!;
  return last;
}

/** What events of a part may see: those of the parts up to it. */
export interface Remembered {
  /** 1 for each event that may be seen. */
  readonly marks: Uint8Array;
  readonly timeline: Timeline;
}

export function rememberedBy({ part, stream }: Arranged, asking: Part): Remembered {
  const last = parts.indexOf(asking);
  const marks = part.map((each) => (each <= last ? 1 : 0));
  return { marks, timeline: makeTimeline(stream, marks) };
}
