/** Reads partitions one after the other, each with its events in order. */
import { defined } from '../../base/util/defined.ts';
import type { DataDescription } from '../../compiler/model/model.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import type { Dictionaries } from '../rows/dictionaries.ts';
import type { OrderedEvents } from '../rows/order_events.ts';
import type { RawNumbers } from '../rows/raw.ts';
import { foldsOfFiles, type PartOfFile } from '../rows/split.ts';
import type { ValidRawRows, ValidRows } from '../rows/valid_rows.ts';
import { arrangeBucket, type Cuts } from './arrange.ts';
import { type Bucket, grouped, unpackBucket } from './buckets.ts';
import type { Times } from './by_time.ts';
import { type PileFile, readPile } from './piles.ts';
import { bucketOfUser } from './scatter.ts';
import type { GlobalSides } from './sides.ts';

export interface BucketFiles {
  readonly folder: string;
  readonly files: readonly PileFile[];
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

export interface ArrangedBucket {
  readonly bucket: Bucket;
  readonly good: ValidRows;
  readonly arranged: OrderedEvents;
  readonly members: Int32Array;
}

export const bucketName = (at: number): string => `bucket-${at}.bin`;

export class BucketSource {
  /** By partition, the indexes of its users among all users. */
  readonly #members: readonly Int32Array[];
  readonly #localOf: Int32Array;

  constructor(readonly of: BucketFiles) {
    const { users } = of.sides;
    const buckets = of.files.length;
    this.#members = grouped(users.codes.length, buckets, (user) => bucketOfUser(users.codes[user]!, buckets));
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
  async read(index: number, cuts: Cuts, lastTraining?: Int32Array): Promise<ArrangedBucket> {
    const { wanted, sides, dictionaries, partsOfFiles, items, users, description } = this.of;
    const bucket = await this.#load(index);
    const folds = description.split.kind === 'files' ? foldsOfFiles(partsOfFiles, bucket.ids) : undefined;
    const good: ValidRows = { dictionaries, events: bucket.rows, ...defined({ items, users, folds: folds }) };
    const members = this.#members[index]!;
    const context = { wanted, sides, cuts, members, localOf: this.#localOf, ...defined({ lastTraining }) };
    return { bucket, good, members, arranged: arrangeBucket(bucket, good, context) };
  }

  /** Returns the times of all events, a partition at a time. Without a time all are 0: their rows order them. */
  async *times(): AsyncIterable<Times> {
    const { time } = this.of.wanted;
    for (let index = 0; index < this.count; index++) {
      const { ids, rows } = await this.#load(index);
      yield { rows: ids, times: time ? (rows.columns.get(time) as RawNumbers).values : new Float64Array(ids.length) };
    }
  }

  async #load(index: number): Promise<Bucket> {
    const { folder, files, wanted, signal } = this.of;
    signal?.throwIfAborted();
    const blocks = await readPile(folder, bucketName(index), files[index]!);
    return unpackBucket(blocks, wanted.columns.get('events')!);
  }
}
