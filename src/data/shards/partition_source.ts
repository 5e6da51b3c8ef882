/** Reads partitions one after the other, each with its events in order. */
import { defined } from '../../base/util/defined.ts';
import type { DataDescription } from '../../compiler/model/model.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import type { OrderedEvents } from '../rows/order_events.ts';
import type { Dictionaries, RawNumbers, ValidRawRows, ValidRows } from '../rows/raw.ts';
import { foldsOfFiles, type PartOfFile } from '../rows/split.ts';
import { arrangePartition, type Cuts, type GlobalSides } from './arrange.ts';
import type { Times } from './by_time.ts';
import { grouped, type Partition, unpackPartition } from './partitions.ts';
import { partitionOfUser } from './scatter.ts';
import { readShard, type ShardFile } from './shard_files.ts';

export interface PartitionFiles {
  readonly folder: string;
  readonly files: readonly ShardFile[];
  readonly wanted: ColumnRequests;
  readonly dictionaries: Dictionaries;
  readonly sides: GlobalSides;
  readonly items?: ValidRawRows | undefined;
  readonly users?: ValidRawRows | undefined;
  /** The part of each file of events, where the data block names files for parts. */
  readonly partsOfFiles: readonly PartOfFile[];
  readonly description: DataDescription;
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
    const { wanted, sides, dictionaries, partsOfFiles, items, users, description } = this.of;
    const partition = await this.#load(index);
    const folds = description.split.kind === 'files' ? foldsOfFiles(partsOfFiles, partition.ids) : undefined;
    const good: ValidRows = { dictionaries, events: partition.rows, ...defined({ items, users, folds: folds }) };
    const members = this.#members[index]!;
    const context = { wanted, sides, cuts, members, localOf: this.#localOf, ...defined({ lastTraining }) };
    return { partition: partition, good, members, arranged: arrangePartition(partition, good, context) };
  }

  /** Returns the times of all events, a partition at a time. Without a time all are 0: their rows order them. */
  async *times(): AsyncIterable<Times> {
    const { time } = this.of.wanted;
    for (let index = 0; index < this.count; index++) {
      const { ids, rows } = await this.#load(index);
      yield { rows: ids, times: time ? (rows.columns.get(time) as RawNumbers).values : new Float64Array(ids.length) };
    }
  }

  async #load(index: number): Promise<Partition> {
    const { folder, files, wanted, signal } = this.of;
    signal?.throwIfAborted();
    const blocks = await readShard(folder, partitionName(index), files[index]!);
    return unpackPartition(blocks, wanted.columns.get('events')!);
  }
}
