/** Reads the rows of a bucket from the folders of all parts, with codes and ranks as if one process had read them. */
import type { ReadPlan } from '../../binding/layout.ts';
import type { ColumnBlock } from '../block.ts';
import { partitionName } from '../partition_source.ts';
import { readShard, type ShardFile } from '../shard_files.ts';
import type { DoneFiles } from './folder.ts';

/** By dictionary, the code of each text of a part among all texts. */
export type CodeMaps = ReadonlyMap<string, Int32Array>;

/** What a part has written, as plain data. */
export interface PartOfBuckets {
  /** By bucket. */
  readonly files: readonly ShardFile[];
  /** Number of events before those of the part. */
  readonly before: number;
  /** The codes of all dictionaries but that of users. */
  readonly codes: CodeMaps;
}

/** The codes of the users of a bucket: a block for each part. */
export const userCodesName = (bucket: number): string => `users-${bucket}.bin`;

export class JoinedBuckets {
  /** The code of each user of a part among all. Only those of the bucket at hand are right. */
  #users = new Int32Array(0);

  /** @param folders of the parts */
  constructor(
    private readonly readPlan: ReadPlan,
    private readonly folders: readonly string[],
    private readonly parts: readonly PartOfBuckets[],
    private readonly merged: DoneFiles,
  ) {}

  /** @throws Failure `shards-damaged` */
  async read(bucket: number): Promise<ColumnBlock[]> {
    const name = userCodesName(bucket);
    const users = this.readPlan.userKey && (await readShard(this.merged.folder, name, this.merged.file(name)));
    const joined: ColumnBlock[] = [];
    for (const [at, part] of this.parts.entries()) {
      const file = part.files[bucket]!;
      if (file.bytes === 0) continue;
      if (users) this.#take(users[at]!);
      for (const block of await readShard(this.folders[at]!, partitionName(bucket), file)) {
        this.#renumber(block, part);
        joined.push(block);
      }
    }
    return joined;
  }

  #take(users: ColumnBlock): void {
    const [own, all] = [users.get('own') as Int32Array, users.get('all') as Int32Array];
    const most = (own.at(-1) ?? -1) + 1;
    if (most > this.#users.length) this.#users = new Int32Array(most);
    for (let at = 0; at < own.length; at++) this.#users[own[at]!] = all[at]!;
  }

  #renumber(block: ColumnBlock, { before, codes }: PartOfBuckets): void {
    const ranks = block.get('rank')!;
    for (let row = 0; row < ranks.length; row++) ranks[row]! += before;
    for (const [index, column] of this.readPlan.columns.get('events')!.entries()) {
      if (column.dictionary === undefined) continue;
      const isUser = column === this.readPlan.userKey?.inEvents;
      recode(block.get(`c${index}`)!, isUser ? this.#users : codes.get(column.dictionary)!);
    }
  }
}

export function recode(values: { readonly length: number; [at: number]: number }, codes: Int32Array): void {
  for (let at = 0; at < values.length; at++) values[at] = codes[values[at]!]!;
}
