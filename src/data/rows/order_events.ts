/** Orders events and finds the part, the item and the user of each. All encoding is based on these. */

import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { pickTexts, type Texts } from '../../base/text/texts.ts';
import { ascendingIndexes } from '../../base/util/ascending_indexes.ts';
import { givesEvents } from '../../graph/plan/data_description.ts';
import type { ReadPlan } from '../binding/data_layout.ts';
import type { Part } from '../dataset.ts';
import { unitOf } from './fresh.ts';
import { gatherCodes, gatherNumbers, indexesOf } from './gather_rows.ts';
import type { PartedEvents } from './past_events.ts';
import type { Dictionaries, RawCodes, RawNumbers, ValidRawRows, ValidRows } from './raw.ts';
import type { Stream } from './split.ts';
import { codesOfParts, splitEvents } from './split.ts';

export interface EntityRows extends KeyRows {
  readonly trainingCounts: Int32Array;
  /** Row id of the last training event of each entity; −1 if there is none. */
  readonly lastTraining: Int32Array;
}

export interface OrderedEvents extends PartedEvents {
  /** Row ids of the valid events sorted by time. An event is identified by its index in this array. */
  readonly order: Int32Array;
  readonly items: EntityRows;
  readonly users: EntityRows;
  /** The events of each part in ascending order. */
  readonly eventIndexes: Readonly<Record<Part, Int32Array>>;
  readonly rows: Readonly<Record<Part, Int32Array>>;
  readonly sentence: string;
}

/** Throws a Failure if a requested part is empty. */
export function orderEvents(good: ValidRows, readPlan: ReadPlan): OrderedEvents {
  const { events, dictionaries } = good;
  const keptRows = indexesOf(events.kept, 1);
  const time = readPlan.time && (events.columns.get(readPlan.time) as RawNumbers).values;
  // Events with equal times keep the order of the files.
  const order = time
    ? gatherCodes(keptRows, ascendingIndexes(gatherNumbers(time, keptRows, new Float64Array(keptRows.length))))
    : keptRows;
  const items = keyRows(readPlan.itemKey, events, good.items, order, dictionaries);
  const users = keyRows(readPlan.userKey, events, good.users, order, dictionaries);
  const stream: Stream = {
    user: users.ofEvent,
    users: users.keys.length,
    times: time && gatherNumbers(time, order, new Float64Array(order.length)),
  };
  const folds = foldsOf(good, readPlan, order);
  const unit = unitOf(readPlan.time?.column.type ?? '');
  const { part, sentence } = splitEvents(readPlan.description, { rows: order.length, ...stream, unit, folds });
  const { eventIndexes, rows } = rowsOfParts(part, order);
  return {
    order,
    stream,
    items: sideOf(items, eventIndexes.train, rows.train),
    users: sideOf(users, eventIndexes.train, rows.train),
    part,
    eventIndexes,
    rows,
    sentence,
    hasGiven: givesEvents(readPlan.description),
  };
}

/** Returns the part of each event, by its file or by a column, as an index in `parts`. */
export function foldsOf(
  { events, dictionaries, folds }: ValidRows,
  { fold }: ReadPlan,
  order: Int32Array,
): Uint8Array | undefined {
  if (folds !== undefined) return Uint8Array.from(order, (row) => folds[row]!);
  if (fold === undefined) return undefined;
  const { values } = events.columns.get(fold) as RawCodes;
  const codes = codesOfParts(dictionaries.get('fold')!);
  return Uint8Array.from(order, (row) => codes.indexOf(values[row]!));
}

/** @param rows row ids of the training events */
export function sideOf(keyed: KeyRows, eventIndexes: Int32Array, rows: Int32Array): EntityRows {
  const trainingCounts = new Int32Array(keyed.keys.length);
  const lastTraining = new Int32Array(keyed.keys.length).fill(-1);
  for (let i = 0; i < eventIndexes.length; i++) {
    const entity = keyed.ofEvent[eventIndexes[i]!]!;
    if (entity < 0) continue;
    trainingCounts[entity]!++;
    lastTraining[entity] = rows[i]!;
  }
  return { ...keyed, trainingCounts, lastTraining };
}

export function rowsOfParts(part: Uint8Array, order: Int32Array): Pick<OrderedEvents, 'eventIndexes' | 'rows'> {
  const partPlaces = { train: indexesOf(part, 0), validation: indexesOf(part, 1), test: indexesOf(part, 2) };
  const partRows = {
    train: gatherCodes(order, partPlaces.train),
    validation: gatherCodes(order, partPlaces.validation),
    test: gatherCodes(order, partPlaces.test),
  };
  return { eventIndexes: partPlaces, rows: partRows };
}

/** The corpus or the users: one row for each key of their file or, without a file, of the events; and the entity of each event. */
interface KeyRows {
  readonly keys: Texts;
  /** Row id of each entity in its file, or of its first event. */
  readonly rows: Int32Array;
  /** Entity by event; −1 for an event without a key. */
  readonly ofEvent: Int32Array;
  /** Entity by the code of its key; −1 if there is none. */
  readonly ofCode: Int32Array;
}

function keyRows(
  key: ReadPlan['itemKey'],
  events: ValidRawRows,
  file: ValidRawRows | undefined,
  order: Int32Array,
  dictionaries: Dictionaries,
): KeyRows {
  const codes = key && gatherCodes((events.columns.get(key.inEvents) as RawCodes).values, order);
  const occurs = new Uint8Array(key ? dictionaries.get(key.inEvents.dictionary!)!.length : 0);
  codes?.forEach((code) => {
    occurs[code] = 1;
  });
  const { keys, ofCode, fileRows } = globalSide(key, file, occurs, dictionaries);
  const ofEvent = codes ? gatherCodes(ofCode, codes) : noEntities(order.length);
  return { keys, ofCode, ofEvent, rows: fileRows ?? firstRowsOf(ofEvent, keys.length, order) };
}

export const noEntities = (length: number): Int32Array => new Int32Array(length).fill(-1);

/** Returns the row id of the first event of each entity; −1 if there is none. */
export function firstRowsOf(entityOfEvent: Int32Array, count: number, order: Int32Array): Int32Array {
  const firstRows = noEntities(count);
  for (let index = entityOfEvent.length - 1; index >= 0; index--)
    if (entityOfEvent[index]! >= 0) firstRows[entityOfEvent[index]!] = order[index]!;
  return firstRows;
}

/** Numbers all items or users, independently of the partition of the events. */
interface GlobalSide {
  readonly keys: Texts;
  /** The code of each entity in the dictionary of its key. */
  readonly codes: Int32Array;
  /** Index by code; −1 if no entity has the code. */
  readonly ofCode: Int32Array;
  /** Row id of each entity in its file. Absent if there is no file. */
  readonly fileRows?: Int32Array;
}

export interface GlobalSides {
  readonly items: GlobalSide;
  readonly users: GlobalSide;
}

/** @param occurs 1 for each code that occurs in a valid event */
export function globalSide(
  key: ReadPlan['itemKey'],
  file: ValidRawRows | undefined,
  occurs: Uint8Array,
  dictionaries: Dictionaries,
): GlobalSide {
  const emptyCodes = new Int32Array(0);
  if (key === undefined) return { keys: [], codes: emptyCodes, ofCode: emptyCodes };
  const texts = dictionaries.get(key.inEvents.dictionary!)!;
  const ofCode = new Int32Array(texts.length).fill(-1);
  const codes: number[] = [];
  const fileRows: number[] = [];
  if (file === undefined) {
    for (let code = 1; code < texts.length; code++) if (occurs[code] === 1) ofCode[code] = codes.push(code) - 1;
  } else {
    invariant(key.inFile, 'a file of items or users has their key');
    const { values } = file.columns.get(key.inFile) as RawCodes;
    for (let row = 0; row < file.rows; row++) {
      if (file.kept[row] === 0) continue;
      ofCode[values[row]!] = codes.push(values[row]!) - 1;
      fileRows.push(row);
    }
  }
  return {
    keys: pickTexts(texts, codes),
    codes: Int32Array.from(codes),
    ofCode,
    ...(file === undefined ? {} : { fileRows: Int32Array.from(fileRows) }),
  };
}
