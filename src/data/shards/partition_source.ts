/** Reads partitions one after the other, each with its events in order and in parts: as `orderEvents` does, for the users of the partition alone. */
import { pickTexts } from '../../base/text/texts.ts';
import { defined, everyRow } from '../../base/util/defined.ts';
import type { Split } from '../../graph/plan/data_description.ts';
import type { ReadPlan } from '../binding/layout.ts';
import { ascendingIndexes, gatherCodes, gatherNumbers, type Stream } from '../rows/gather.ts';
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
import { foldsOfFiles, type PartOfFile, partsOfUsers } from '../rows/split.ts';
import { isBefore, type Moment, type Times } from './by_time.ts';
import { grouped, type Partition, partitionOfUser, unpackPartition } from './scatter.ts';
import { readShard, type ShardFile } from './shard_files.ts';

export interface PartitionFiles {
  readonly folder: string;
  readonly files: readonly ShardFile[];
  readonly readPlan: ReadPlan;
  readonly dictionaries: Dictionaries;
  readonly sides: GlobalSides;
  readonly items?: ValidRawRows | undefined;
  readonly users?: ValidRawRows | undefined;
  /** The part of each file of events, where the data block names files for parts. */
  readonly partsOfFiles: readonly PartOfFile[];
  readonly signal?: AbortSignal | undefined;
}

export interface ArrangedPartition {
  readonly partition: Partition;
  readonly good: ValidRows;
  readonly arranged: OrderedEvents;
  readonly members: Int32Array;
}

export const partitionName = (at: number): string => `bucket-${at}.bin`;

export class PartitionSource {
  /** By partition, the indexes of its users among all users. */
  readonly #members: readonly Int32Array[];
  readonly #localOf: Int32Array;

  constructor(readonly of: PartitionFiles) {
    const { users } = of.sides;
    const partitions = of.files.length;
    this.#members = grouped(users.codes.length, partitions, (user) => partitionOfUser(users.codes[user]!, partitions));
    this.#localOf = new Int32Array(users.codes.length);
    for (const members of this.#members)
      members.forEach((member, local) => {
        this.#localOf[member] = local;
      });
  }

  get count(): number {
    return this.of.files.length;
  }

  /** @throws Failure `shards-damaged` */
  async read(index: number, cuts: Cuts, lastTraining?: Int32Array): Promise<ArrangedPartition> {
    const { readPlan, sides, dictionaries, partsOfFiles, items, users } = this.of;
    const partition = await this.#load(index);
    const { split } = readPlan.description;
    const folds = split.kind === 'files' ? foldsOfFiles(partsOfFiles, partition.ids) : undefined;
    const good: ValidRows = { dictionaries, events: partition.rows, ...defined({ items, users, folds }) };
    const members = this.#members[index]!;
    const context = { readPlan, sides, cuts, members, localOf: this.#localOf, ...defined({ lastTraining }) };
    return { partition, good, members, arranged: arrangePartition(partition, good, context) };
  }

  /** Returns the times of all events, a partition at a time. Without a time all are 0: their rows order them. */
  async *times(): AsyncIterable<Times> {
    const { time } = this.of.readPlan;
    for (let index = 0; index < this.count; index++) {
      const { ids, rows } = await this.#load(index);
      yield { rows: ids, times: time ? (rows.columns.get(time) as RawNumbers).values : new Float64Array(ids.length) };
    }
  }

  async #load(index: number): Promise<Partition> {
    const { folder, files, readPlan, signal } = this.of;
    signal?.throwIfAborted();
    const blocks = await readShard(folder, partitionName(index), files[index]!);
    return unpackPartition(blocks, readPlan.columns.get('events')!);
  }
}

/** The boundaries of parts, which depend on all events together. */
export interface Cuts {
  readonly split: Split;
  /** For `by_time`: the first event of validation, and of test; absent where the part is empty. */
  readonly moments?: { readonly validation?: Moment; readonly test?: Moment };
  /** Returns the part of an event by its rank among all, where the rank decides. */
  readonly ofRank?: (rank: number) => number;
}

interface PartitionContext {
  readonly readPlan: ReadPlan;
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
function arrangePartition({ ids, ranks }: Partition, good: ValidRows, context: PartitionContext): OrderedEvents {
  const { readPlan, sides, cuts, members, localOf } = context;
  const { events } = good;
  const time = readPlan.time && (events.columns.get(readPlan.time) as RawNumbers).values;
  const order = time ? ascendingIndexes(time) : everyRow(ids.length);
  const times = time && gatherNumbers(time, order, new Float64Array(order.length));
  const codesOf = (key: ReadPlan['itemKey']): Int32Array | undefined =>
    key && gatherCodes((events.columns.get(key.inEvents) as RawCodes).values, order);
  const itemOfEvent = codesOf(readPlan.itemKey)?.map((code) => sides.items.ofCode[code]!) ?? noEntities(order.length);
  const userOfEvent =
    codesOf(readPlan.userKey)?.map((code) => localOf[sides.users.ofCode[code]!]!) ?? noEntities(order.length);
  const stream: Stream = { user: userOfEvent, users: members.length, ...defined({ times }) };
  const part = partOf({ ids, ranks }, good, readPlan, order, stream, cuts);
  const { places, rows } = rowsOfParts(part, order);
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
    items: lastOfAll(sideOf(items, places.train, rows.train), ids, context.lastTraining),
    users: sideOf(users, places.train, rows.train),
    part,
    places,
    rows,
    sentence: '',
  };
}

/** The last training event of an item is in one partition: in others the item has none. */
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
  const folds = foldsOf(good, readPlan, order);
  return partsOfUsers(split, { rows: order.length, ...stream, ...defined({ folds }) });
}
