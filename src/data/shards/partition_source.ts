/** Reads partitions one by one, with events ordered and divided into parts: as `orderEvents` does, but only for the users of the partition. */

import { pickTexts } from '../../base/text/texts.ts';
import { ascendingIndexes } from '../../base/util/ascending_indexes.ts';
import { listRowIndexes } from '../../base/util/objects.ts';
import type { Split } from '../../graph/plan/data_description.ts';
import { givesEvents } from '../../graph/plan/data_description.ts';
import type { ReadPlan } from '../binding/data_layout.ts';
import { gatherCodes, gatherNumbers } from '../rows/gather_rows.ts';
import {
  type EntityRows,
  firstRowsOf,
  foldsOf,
  type GlobalSides,
  noEntities,
  type OrderedEvents,
  rowsOfParts,
  sideOf,
} from '../rows/order_events.ts';
import type { Dictionaries, RawCodes, RawNumbers, ValidRawRows, ValidRows } from '../rows/raw.ts';
import type { Stream } from '../rows/split.ts';
import { foldsOfFiles, type PartOfFile, type PartsOfDrawnUsers, partsOfDrawn, partsOfUsers } from '../rows/split.ts';
import type { ColumnBlock } from './column_block.ts';
import { grouped, type Partition, unpackPartition } from './scatter.ts';

export interface PartitionRows {
  readonly count: number;
  /** Reads the rows of a partition. @throws Failure `shards-damaged` */
  readonly read: (index: number) => Promise<readonly ColumnBlock[]>;
  /** By code. Absent without users. */
  readonly partitionOfUser?: Int32Array | undefined;
  readonly readPlan: ReadPlan;
  readonly dictionaries: Dictionaries;
  readonly sides: GlobalSides;
  readonly items?: ValidRawRows | undefined;
  readonly users?: ValidRawRows | undefined;
  /** The part of each file of events, if the data block names files for parts. */
  readonly partsOfFiles: readonly PartOfFile[];
  readonly signal?: AbortSignal | undefined;
}

export interface ArrangedPartition {
  readonly partition: Partition;
  readonly good: ValidRows;
  readonly arranged: OrderedEvents;
  readonly members: Int32Array;
}

export const partitionName = (index: number): string => `bucket-${index}.bin`;

export class PartitionSource {
  /** By partition, the indexes of its users among all users. */
  readonly members: readonly Int32Array[];
  readonly #localOf: Int32Array;

  constructor(readonly of: PartitionRows) {
    const { users } = of.sides;
    this.members = grouped(users.codes.length, of.count, (user) => of.partitionOfUser![users.codes[user]!]!);
    this.#localOf = new Int32Array(users.codes.length);
    for (const members of this.members)
      members.forEach((member, local) => {
        this.#localOf[member] = local;
      });
  }

  get count(): number {
    return this.of.count;
  }

  /** @throws Failure `shards-damaged` */
  async read(index: number, cuts: Cuts, lastTraining?: Int32Array): Promise<ArrangedPartition> {
    const { readPlan, sides, dictionaries, partsOfFiles, items, users } = this.of;
    const partition = await this.#load(index);
    const { split } = readPlan.description;
    const folds = split.kind === 'files' ? foldsOfFiles(partsOfFiles, partition.ids) : undefined;
    const good: ValidRows = { dictionaries, events: partition.rows, items, users, folds };
    const members = this.members[index]!;
    const context = { readPlan, sides, cuts, members, localOf: this.#localOf, lastTraining };
    return { partition, good, members, arranged: arrangePartition(partition, good, context) };
  }

  /** Returns the times of all events, one partition at a time. Without a time column all are 0, so that rows order the events. */
  async *times(): AsyncIterable<Times> {
    const { time } = this.of.readPlan;
    for (let index = 0; index < this.count; index++) {
      const { ids, ranks, rows } = await this.#load(index);
      yield {
        rows: ids,
        ranks,
        times: time ? (rows.columns.get(time) as RawNumbers).values : new Float64Array(ids.length),
      };
    }
  }

  /** Returns the number of events of each user. */
  async eventsOfUsers(): Promise<Int32Array> {
    const { readPlan, sides } = this.of;
    const counts = new Int32Array(sides.users.keys.length);
    for (let index = 0; index < this.count && readPlan.userKey; index++) {
      const { rows } = await this.#load(index);
      const { values } = rows.columns.get(readPlan.userKey.inEvents) as RawCodes;
      for (const code of values) counts[sides.users.ofCode[code]!]!++;
    }
    return counts;
  }

  async #load(index: number): Promise<Partition> {
    const { read, readPlan, signal } = this.of;
    signal?.throwIfAborted();
    return unpackPartition(await read(index), readPlan.columns.get('events')!);
  }
}

/** The boundaries of parts, which depend on all events together. */
export interface Cuts {
  readonly split: Split;
  /** For `by_time`: the first event of validation and of test. Absent if the part is empty. */
  readonly moments?: { readonly validation?: Moment; readonly test?: Moment };
  /** Returns the part of an event by its rank among all events. Present if the rank determines the part. */
  readonly ofRank?: (rank: number) => number;
  /** For `by_user`: the parts of the events of held-out users. */
  readonly ofUsers?: PartsOfDrawnUsers;
}

interface PartitionContext {
  readonly readPlan: ReadPlan;
  readonly sides: GlobalSides;
  readonly cuts: Cuts;
  /** Indexes of the partition's users among all users. */
  readonly members: Int32Array;
  /** By user, the index among the `members` of its partition. */
  readonly localOf: Int32Array;
  /** Row id of the last training event of each item. Present after the events are counted. */
  readonly lastTraining?: Int32Array;
}

/** @param good the partition's rows as events, and the joined files */
function arrangePartition({ ids, ranks }: Partition, good: ValidRows, context: PartitionContext): OrderedEvents {
  const { readPlan, sides, cuts, members, localOf } = context;
  const { events } = good;
  const time = readPlan.time && (events.columns.get(readPlan.time) as RawNumbers).values;
  const order = time ? ascendingIndexes(time) : listRowIndexes(ids.length);
  const times = time && gatherNumbers(time, order, new Float64Array(order.length));
  const codesOf = (key: ReadPlan['itemKey']): Int32Array | undefined =>
    key && gatherCodes((events.columns.get(key.inEvents) as RawCodes).values, order);
  const itemOfEvent = codesOf(readPlan.itemKey)?.map((code) => sides.items.ofCode[code]!) ?? noEntities(order.length);
  const userOfEvent =
    codesOf(readPlan.userKey)?.map((code) => localOf[sides.users.ofCode[code]!]!) ?? noEntities(order.length);
  const stream: Stream = { user: userOfEvent, users: members.length, times };
  const part = cuts.ofUsers
    ? partsOfDrawn(cuts.ofUsers, { rows: order.length, ...stream }, (local) => members[local]!)
    : partOf({ ids, ranks }, good, readPlan, order, stream, cuts);
  const { eventIndexes, rows } = rowsOfParts(part, order);
  const items = {
    keys: sides.items.keys,
    rows: sides.items.fileRows ?? firstRowsOf(itemOfEvent, sides.items.keys.length, order),
    ofEvent: itemOfEvent,
    ofCode: sides.items.ofCode,
  };
  const users = {
    keys: pickTexts(sides.users.keys, members),
    rows: sides.users.fileRows
      ? gatherCodes(sides.users.fileRows, members)
      : firstRowsOf(userOfEvent, members.length, order),
    ofEvent: userOfEvent,
    ofCode: new Int32Array(0),
  };
  return {
    order,
    stream,
    items: lastOfAll(sideOf(items, eventIndexes.train, rows.train), ids, context.lastTraining),
    users: sideOf(users, eventIndexes.train, rows.train),
    part,
    eventIndexes,
    rows,
    sentence: '',
    hasGiven: givesEvents(readPlan.description),
  };
}

/** The last training event of an item is in a single partition, so the item has none in the others. */
function lastOfAll(side: EntityRows, ids: Int32Array, lastTraining: Int32Array | undefined): EntityRows {
  if (lastTraining === undefined) return side;
  const isLast = (row: number, item: number): boolean => row >= 0 && ids[row] === lastTraining[item];
  return { ...side, lastTraining: side.lastTraining.map((row, item) => (isLast(row, item) ? row : -1)) };
}

function partOf(
  { ids, ranks }: Pick<Partition, 'ids' | 'ranks'>,
  good: ValidRows,
  readPlan: ReadPlan,
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
  return partsOfUsers(split, { rows: order.length, ...stream, folds: foldsOf(good, readPlan, order) });
}

// Finds events by their rank in time without sorting all of them.

/** The position of an event in the order of time: events with equal times are ordered by row. */
export interface Moment {
  readonly time: number;
  readonly row: number;
}

export const isBefore = (time: number, row: number, cut: Moment): boolean =>
  time < cut.time || (time === cut.time && row < cut.row);

interface MomentsOfRows {
  readonly times: Float64Array;
  readonly rows: Int32Array;
}

export interface Times extends MomentsOfRows {
  /** The place of each event among all in the order of reading. */
  readonly ranks: Int32Array;
}

/** Maximum number of candidates to sort in the last step. */
const maxSorted = 2 ** 22;
const bins = 2 ** 16;

/** The current range of a rank: the event has `left` events before it from `low` on, and `within` events are between `low` and `high`. */
interface RankSearch {
  low: number;
  high: number;
  left: number;
  within: number;
}

/**
 * Finds for each rank the event that has this number of events before it; undefined if there are fewer. Each round counts the times of all pieces in equal
 * ranges and continues in the range with the event, so that memory does not grow with the rows.
 */
export async function momentsAt(
  pieces: () => AsyncIterable<MomentsOfRows>,
  ranks: readonly number[],
  sortable = maxSorted,
): Promise<(Moment | undefined)[]> {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let total = 0;
  for await (const { times } of pieces()) {
    total += times.length;
    for (let i = 0; i < times.length; i++) {
      low = Math.min(low, times[i]!);
      high = Math.max(high, times[i]!);
    }
  }
  const searches = ranks.map((rank) => (rank < total ? { low, high, left: rank, within: total } : undefined));
  const openSearches = searches.filter((search) => search !== undefined);
  for (;;) {
    const wideSearches = openSearches.filter((search) => search.within > sortable && search.low < search.high);
    if (wideSearches.length === 0) break;
    await narrow(pieces, wideSearches);
  }
  const candidatesOf = await candidates(pieces, openSearches);
  return searches.map((search) => search && momentOf(candidatesOf.get(search)!, search.left));
}

async function narrow(pieces: () => AsyncIterable<MomentsOfRows>, searches: readonly RankSearch[]): Promise<void> {
  const rounds = searches.map((search) => ({
    search,
    width: (search.high - search.low) / bins,
    counts: new Float64Array(bins),
    lows: new Float64Array(bins).fill(Number.POSITIVE_INFINITY),
    highs: new Float64Array(bins).fill(Number.NEGATIVE_INFINITY),
  }));
  for await (const { times } of pieces()) {
    for (const { search, width, counts, lows, highs } of rounds) {
      const { low, high } = search;
      for (let i = 0; i < times.length; i++) {
        const time = times[i]!;
        if (time < low || time > high) continue;
        const bin = Math.min(bins - 1, Math.floor((time - low) / width));
        counts[bin]!++;
        lows[bin] = Math.min(lows[bin]!, time);
        highs[bin] = Math.max(highs[bin]!, time);
      }
    }
  }
  for (const { search, counts, lows, highs } of rounds) {
    let bin = 0;
    while (search.left >= counts[bin]!) search.left -= counts[bin++]!;
    Object.assign(search, { low: lows[bin]!, high: highs[bin]!, within: counts[bin]! });
  }
}

async function candidates(
  pieces: () => AsyncIterable<MomentsOfRows>,
  searches: readonly RankSearch[],
): Promise<ReadonlyMap<RankSearch, MomentsOfRows>> {
  const collectors = searches.map((search) => {
    const { within } = search;
    return { search, at: 0, times: new Float64Array(within), rows: new Int32Array(within) };
  });
  for await (const piece of pieces()) {
    for (const collector of collectors) {
      const { low, high } = collector.search;
      for (let i = 0; i < piece.times.length; i++) {
        if (piece.times[i]! < low || piece.times[i]! > high) continue;
        collector.times[collector.at] = piece.times[i]!;
        collector.rows[collector.at++] = piece.rows[i]!;
      }
    }
  }
  return new Map(collectors.map(({ search, times, rows }) => [search, { times, rows }]));
}

function momentOf({ times, rows }: MomentsOfRows, rowsLeft: number): Moment {
  const byRow = ascendingIndexes(rows);
  const byTime = ascendingIndexes(Float64Array.from(byRow, (index) => times[index]!));
  const place = byRow[byTime[rowsLeft]!]!;
  return { time: times[place]!, row: rows[place]! };
}
