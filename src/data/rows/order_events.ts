/** The order of events, the part each belongs to, and the items and users they are about: all that is encoded is read by these. */
import { defined } from '../../defined.ts';
import type { DataDescription } from '../../model/model.ts';
import { pickTexts, type Texts } from '../../text/texts.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import type { Part } from '../dataset.ts';
import type { Dictionaries } from './dictionaries.ts';
import { gather, gatherNumbers, markedRows, placesOf } from './gather.ts';
import { makeTimeline, type Stream, type Timeline } from './history.ts';
import type { RawCodes, RawNumbers } from './raw.ts';
import { codesOfParts, parts, splitEvents } from './split.ts';
import type { ValidRawRows, ValidRows } from './valid_rows.ts';

/** The items or the users, and what training has of each. */
export interface Side extends KeyRows {
  /** How many training events each has. */
  readonly trainingCounts: Int32Array;
  /** Row id of the last training event of each; −1 where there is none. */
  readonly lastTraining: Int32Array;
}

export interface OrderedEvents {
  /** Row ids of the good events in the order of time: from here on an event is its place in this order. */
  readonly order: Int32Array;
  readonly stream: Stream;
  readonly items: Side;
  readonly users: Side;
  /** For each event its place in `parts`. */
  readonly part: Uint8Array;
  /** The events of each part, ascending. */
  readonly places: Readonly<Record<Part, Int32Array>>;
  /** Their row ids. */
  readonly rows: Readonly<Record<Part, Int32Array>>;
  /** Says how events were split. */
  readonly sentence: string;
}

/** Throws Failure where a part that was asked for is empty. */
export function orderEvents(good: ValidRows, wanted: ColumnRequests, { split, span }: DataDescription): OrderedEvents {
  const { events, dictionaries } = good;
  const order = markedRows(events.kept, good.timeOrder);
  const items = keyRows(wanted.itemKey, events, good.items, order, dictionaries);
  const users = keyRows(wanted.userKey, events, good.users, order, dictionaries);
  const time = wanted.time && (events.columns.get(wanted.time) as RawNumbers).values;
  const stream: Stream = {
    user: users.ofEvent,
    users: users.keys.length,
    ...defined({ times: time && gatherNumbers(time, order, new Float64Array(order.length)) }),
  };
  const folds = foldsOf(good, wanted, order);
  const { part, sentence } = splitEvents(split, { rows: order.length, ...stream, ...defined({ folds }) }, span);
  const places = { train: placesOf(part, 0), validation: placesOf(part, 1), test: placesOf(part, 2) };
  const rows = {
    train: gather(order, places.train),
    validation: gather(order, places.validation),
    test: gather(order, places.test),
  };
  return {
    order,
    stream,
    items: sideOf(items, places.train, rows.train),
    users: sideOf(users, places.train, rows.train),
    part,
    places,
    rows,
    sentence,
  };
}

/** The part that each event's file is, or that its column names, as its place in `parts`. */
export function foldsOf(
  { events, dictionaries, folds }: ValidRows,
  { fold }: ColumnRequests,
  order: Int32Array,
): Uint8Array | undefined {
  if (folds !== undefined) return Uint8Array.from(order, (row) => folds[row]!);
  if (fold === undefined) return undefined;
  const { values } = events.columns.get(fold) as RawCodes;
  const codes = codesOfParts(dictionaries.get('fold')!);
  return Uint8Array.from(order, (row) => codes.indexOf(values[row]!));
}

/** @param rows row ids of the training events at `places` */
export function sideOf(known: KeyRows, places: Int32Array, rows: Int32Array): Side {
  const trainingCounts = new Int32Array(known.keys.length);
  const lastTraining = new Int32Array(known.keys.length).fill(-1);
  for (let i = 0; i < places.length; i++) {
    const at = known.ofEvent[places[i]!]!;
    if (at < 0) continue;
    trainingCounts[at]!++;
    lastTraining[at] = rows[i]!;
  }
  return { ...known, trainingCounts, lastTraining };
}

/** What events of a part may see: those of the parts up to it. */
export interface Remembered {
  /** 1 for each event that may be seen. */
  readonly marks: Uint8Array;
  readonly timeline: Timeline;
}

export function rememberedBy({ part, stream }: OrderedEvents, asking: Part): Remembered {
  const last = parts.indexOf(asking);
  const marks = part.map((each) => (each <= last ? 1 : 0));
  return { marks, timeline: makeTimeline(stream, marks) };
}

// Which items and users there are, and which of them each event has.

/** The corpus, or the users: the rows of their file, else what events have; and which of them each event has. */
interface KeyRows {
  readonly keys: Texts;
  /** Row id of each in its file, or of its first event. */
  readonly rows: Int32Array;
  /** −1 where there is no key. */
  readonly ofEvent: Int32Array;
  /** By code of the key's dictionary; −1 where none has it. */
  readonly ofCode: Int32Array;
}

function keyRows(
  key: ColumnRequests['itemKey'],
  events: ValidRawRows,
  file: ValidRawRows | undefined,
  order: Int32Array,
  dictionaries: Dictionaries,
): KeyRows {
  if (key === undefined) {
    const none = new Int32Array(0);
    return { keys: [], rows: none, ofEvent: new Int32Array(order.length).fill(-1), ofCode: none };
  }
  const texts = dictionaries.get(key.inEvents.dictionary!)!;
  const inEvents = (events.columns.get(key.inEvents) as RawCodes).values;
  const first = new Int32Array(texts.length).fill(-1);
  const place = new Int32Array(texts.length).fill(-1);
  const codes: number[] = [];
  if (file !== undefined) {
    const { values } = file.columns.get(key.inFile!) as RawCodes;
    for (let row = 0; row < file.rows; row++) {
      if (file.kept[row] === 0) continue;
      first[values[row]!] = row;
      place[values[row]!] = codes.push(values[row]!) - 1;
    }
  } else {
    for (let at = order.length - 1; at >= 0; at--) first[inEvents[order[at]!]!] = order[at]!;
    for (let code = 1; code < texts.length; code++) if (first[code]! >= 0) place[code] = codes.push(code) - 1;
  }
  return {
    keys: pickTexts(texts, codes),
    rows: Int32Array.from(codes, (code) => first[code]!),
    ofEvent: gather(place, gather(inEvents, order)),
    ofCode: place,
  };
}
