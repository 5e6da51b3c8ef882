/** Orders the events of a partition by time, with the part of each: as `orderEvents` does, for the partition's users alone. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { pickTexts, type Texts } from '../../base/text/texts.ts';
import { defined, everyRow } from '../../base/util/defined.ts';
import type { Split } from '../../compiler/model/model.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import { ascendingIndexes, gatherCodes, gatherNumbers } from '../rows/gather.ts';
import type { Stream } from '../rows/history.ts';
import { type EntityRows, foldsOf, type OrderedEvents, rowsOfParts, sideOf } from '../rows/order_events.ts';
import type { Dictionaries, RawCodes, RawNumbers, ValidRawRows, ValidRows } from '../rows/raw.ts';
import { partsOfUsers } from '../rows/split.ts';
import { isBefore, type Moment } from './by_time.ts';
import type { Partition } from './partitions.ts';

/** The boundaries of parts, which depend on all events together. */
export interface Cuts {
  readonly split: Split;
  /** For `by_time`: the first event of validation, and of test; absent where the part is empty. */
  readonly moments?: { readonly validation?: Moment; readonly test?: Moment };
  /** Returns the part of an event by its rank among all, where the rank decides. */
  readonly ofRank?: (rank: number) => number;
}

export interface PartitionContext {
  readonly wanted: ColumnRequests;
  readonly sides: GlobalSides;
  readonly cuts: Cuts;
  /** Indexes of the partition's users among all users. */
  readonly members: Int32Array;
  /** By user, its index among its partition's `members`. */
  readonly localOf: Int32Array;
  /** Row id of the last training event of each item, once it is counted. */
  readonly lastTraining?: Int32Array;
}

/** @param good the partition's rows as the events, and the joined files */
export function arrangePartition({ ids, ranks }: Partition, good: ValidRows, context: PartitionContext): OrderedEvents {
  const { wanted, sides, cuts, members, localOf } = context;
  const { events } = good;
  const time = wanted.time && (events.columns.get(wanted.time) as RawNumbers).values;
  const order = time ? ascendingIndexes(time) : everyRow(ids.length);
  const times = time && gatherNumbers(time, order, new Float64Array(order.length));
  const codesOf = (key: ColumnRequests['itemKey']): Int32Array | undefined =>
    key && gatherCodes((events.columns.get(key.inEvents) as RawCodes).values, order);
  const itemOfEvent = codesOf(wanted.itemKey)?.map((code) => sides.items.ofCode[code]!) ?? noEntities(order.length);
  const userOfEvent =
    codesOf(wanted.userKey)?.map((code) => localOf[sides.users.ofCode[code]!]!) ?? noEntities(order.length);
  const stream: Stream = { user: userOfEvent, users: members.length, ...defined({ times }) };
  const part = partOf({ ids, ranks }, good, wanted, order, stream, cuts);
  const { places, rows } = rowsOfParts(part, order);
  const firstOf = (entityOfEvent: Int32Array, count: number): Int32Array => {
    const firstRows = new Int32Array(count).fill(-1);
    for (let index = entityOfEvent.length - 1; index >= 0; index--)
      if (entityOfEvent[index]! >= 0) firstRows[entityOfEvent[index]!] = order[index]!;
    return firstRows;
  };
  const items = {
    keys: sides.items.keys,
    rows: sides.items.fileRows ?? firstOf(itemOfEvent, sides.items.keys.length),
    ofEvent: itemOfEvent,
    ofCode: sides.items.ofCode,
  };
  const users = {
    keys: pickTexts(sides.users.keys, members),
    rows: sides.users.fileRows ? gatherCodes(sides.users.fileRows, members) : firstOf(userOfEvent, members.length),
    ofEvent: userOfEvent,
    ofCode: new Int32Array(0),
  };
  return {
    order,
    stream,
    items: lastOfAll(sideOf(items, places.train, rows.train), ids, context.lastTraining),
    users: sideOf(users, places.train, rows.train),
    part,
    places,
    rows,
    sentence: '',
  };
}

const noEntities = (length: number): Int32Array => new Int32Array(length).fill(-1);

/** The last training event of an item is in one partition: in others the item has none. */
function lastOfAll(side: EntityRows, ids: Int32Array, lastTraining: Int32Array | undefined): EntityRows {
  if (lastTraining === undefined) return side;
  const isLast = (row: number, item: number): boolean => row >= 0 && ids[row] === lastTraining[item];
  return { ...side, lastTraining: side.lastTraining.map((row, item) => (isLast(row, item) ? row : -1)) };
}

function partOf(
  { ids, ranks }: Pick<Partition, 'ids' | 'ranks'>,
  good: ValidRows,
  wanted: ColumnRequests,
  order: Int32Array,
  stream: Stream,
  { split, moments, ofRank }: Cuts,
): Uint8Array {
  if (moments) {
    const { validation, test } = moments;
    const part = new Uint8Array(order.length);
    for (let index = 0; index < order.length; index++) {
      const [time, row] = [stream.times?.[index] ?? 0, ids[order[index]!]!];
      const isIn = (first: Moment | undefined): boolean => first !== undefined && !isBefore(time, row, first);
      part[index] = isIn(test) ? 2 : isIn(validation) ? 1 : 0;
    }
    return part;
  }
  if (ofRank) return Uint8Array.from(order, (row) => ofRank(ranks[row]!));
  const folds = foldsOf(good, wanted, order);
  return partsOfUsers(split, { rows: order.length, ...stream, ...defined({ folds }) });
}

/** Numbers the items and users, before any partition is read. */

export interface GlobalSide {
  readonly keys: Texts;
  /** Code of each entity in the dictionary of its key. */
  readonly codes: Int32Array;
  /** Index by code; −1 where no entity has it. */
  readonly ofCode: Int32Array;
  /** Row id of each entity in its file; absent where there is no file. */
  readonly fileRows?: Int32Array;
}

export interface GlobalSides {
  readonly items: GlobalSide;
  readonly users: GlobalSide;
}

/** @param occurs 1 for each code that a valid event has */
export function globalSide(
  key: ColumnRequests['itemKey'],
  file: ValidRawRows | undefined,
  occurs: Uint8Array,
  dictionaries: Dictionaries,
): GlobalSide {
  const emptyCodes = new Int32Array(0);
  if (key === undefined) return { keys: [], codes: emptyCodes, ofCode: emptyCodes };
  const texts = dictionaries.get(key.inEvents.dictionary!)!;
  const ofCode = new Int32Array(texts.length).fill(-1);
  const codes: number[] = [];
  const rows: number[] = [];
  if (file === undefined) {
    for (let code = 1; code < texts.length; code++) if (occurs[code] === 1) ofCode[code] = codes.push(code) - 1;
  } else {
    invariant(key.inFile, 'a file of items or users has their key');
    const { values } = file.columns.get(key.inFile) as RawCodes;
    for (let row = 0; row < file.rows; row++) {
      if (file.kept[row] === 0) continue;
      ofCode[values[row]!] = codes.push(values[row]!) - 1;
      rows.push(row);
    }
  }
  return {
    keys: pickTexts(texts, codes),
    codes: Int32Array.from(codes),
    ofCode,
    ...(file === undefined ? {} : { fileRows: Int32Array.from(rows) }),
  };
}
