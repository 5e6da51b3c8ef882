/** The events of a bucket in the order of time, with the part that each is in: as `orderEvents` has them, of the bucket's users alone. */

import { defined } from '../../defined.ts';
import { everyRow } from '../../every_row.ts';
import type { Split } from '../../model/model.ts';
import { pickTexts } from '../../text/texts.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import { ascendingPlaces } from '../rows/ascending_places.ts';
import { gather, gatherNumbers, placesOf } from '../rows/gather.ts';
import type { Stream } from '../rows/history.ts';
import { foldsOf, type OrderedEvents, type Side, sideOf } from '../rows/order_events.ts';
import type { RawCodes, RawNumbers } from '../rows/raw.ts';
import { partsOfUsers } from '../rows/split.ts';
import type { ValidRows } from '../rows/valid_rows.ts';
import type { Bucket } from './buckets.ts';
import { isBefore, type Moment } from './by_time.ts';
import type { Sides } from './sides.ts';

/** What splitting needs of all events together. */
export interface Cuts {
  readonly split: Split;
  /** Of `by_time`: the first event of validation, and of test; absent where the part is empty. */
  readonly moments?: { readonly validation?: Moment; readonly test?: Moment };
  /** The part of an event by its rank among all, where that says it. */
  readonly ofRank?: (rank: number) => number;
}

export interface ToArrange {
  readonly wanted: ColumnRequests;
  readonly sides: Sides;
  readonly cuts: Cuts;
  /** Places of the bucket's users among all users. */
  readonly members: Int32Array;
  /** Of each user, its place among its bucket's `members`. */
  readonly localOf: Int32Array;
  /** Row id of the last training event of each item, once it is known. */
  readonly lastTraining?: Int32Array;
}

/** @param good the bucket's rows as the events, and the joined files */
export function arrangeBucket({ ids, ranks }: Bucket, good: ValidRows, known: ToArrange): OrderedEvents {
  const { wanted, sides, cuts, members, localOf } = known;
  const { events } = good;
  const time = wanted.time && (events.columns.get(wanted.time) as RawNumbers).values;
  const order = time ? ascendingPlaces(time) : everyRow(ids.length);
  const times = time && gatherNumbers(time, order, new Float64Array(order.length));
  const codesOf = (key: ColumnRequests['itemKey']): Int32Array | undefined =>
    key && gather((events.columns.get(key.inEvents) as RawCodes).values, order);
  const item = codesOf(wanted.itemKey)?.map((code) => sides.items.ofCode[code]!) ?? nobody(order.length);
  const user = codesOf(wanted.userKey)?.map((code) => localOf[sides.users.ofCode[code]!]!) ?? nobody(order.length);
  const stream: Stream = { user, users: members.length, ...defined({ times }) };
  const part = partOf({ ids, ranks }, good, wanted, order, stream, cuts);
  const places = { train: placesOf(part, 0), validation: placesOf(part, 1), test: placesOf(part, 2) };
  const rows = {
    train: gather(order, places.train),
    validation: gather(order, places.validation),
    test: gather(order, places.test),
  };
  const firstOf = (of: Int32Array, count: number): Int32Array => {
    const first = new Int32Array(count).fill(-1);
    for (let at = of.length - 1; at >= 0; at--) if (of[at]! >= 0) first[of[at]!] = order[at]!;
    return first;
  };
  const items = {
    keys: sides.items.keys,
    rows: sides.items.fileRows ?? firstOf(item, sides.items.keys.length),
    ofEvent: item,
    ofCode: sides.items.ofCode,
  };
  const users = {
    keys: pickTexts(sides.users.keys, members),
    rows: sides.users.fileRows ? gather(sides.users.fileRows, members) : firstOf(user, members.length),
    ofEvent: user,
    ofCode: new Int32Array(0),
  };
  return {
    order,
    stream,
    items: lastOfAll(sideOf(items, places.train, rows.train), ids, known.lastTraining),
    users: sideOf(users, places.train, rows.train),
    part,
    places,
    rows,
    sentence: '',
  };
}

const nobody = (length: number): Int32Array => new Int32Array(length).fill(-1);

/** The last training event of an item is in one bucket: in others the item has none. */
function lastOfAll(side: Side, ids: Int32Array, lastTraining: Int32Array | undefined): Side {
  if (lastTraining === undefined) return side;
  const isLast = (row: number, item: number): boolean => row >= 0 && ids[row] === lastTraining[item];
  return { ...side, lastTraining: side.lastTraining.map((row, item) => (isLast(row, item) ? row : -1)) };
}

function partOf(
  { ids, ranks }: Pick<Bucket, 'ids' | 'ranks'>,
  good: ValidRows,
  wanted: ColumnRequests,
  order: Int32Array,
  stream: Stream,
  { split, moments, ofRank }: Cuts,
): Uint8Array {
  if (moments) {
    const { validation, test } = moments;
    const part = new Uint8Array(order.length);
    for (let at = 0; at < order.length; at++) {
      const [time, row] = [stream.times?.[at] ?? 0, ids[order[at]!]!];
      const isIn = (first: Moment | undefined): boolean => first !== undefined && !isBefore(time, row, first);
      part[at] = isIn(test) ? 2 : isIn(validation) ? 1 : 0;
    }
    return part;
  }
  if (ofRank) return Uint8Array.from(order, (row) => ofRank(ranks[row]!));
  const folds = foldsOf(good, wanted, order);
  return partsOfUsers(split, { rows: order.length, ...stream, ...defined({ folds }) });
}
