/**
 * The files of encoded rows. Each has the rows of one bucket, pile after pile, so one process writes it from beginning to end, and parts need no copy to be
 * joined. A pile is read from its pieces in all files.
 */
import type { ColumnBlock, OwnBlock } from './column_block.ts';
import { crcText, type FileSpan, readSpansSync, type ShardFile, type ShardWriter, sizeAndSum } from './shard_files.ts';

/**
 * The pieces of one file: those of all piles, the items that users had in training and in all events, and the latest events of users, if training asks
 * the towers about users: by ranges of users, as many as there are piles.
 */
export interface PiecesOfFile {
  readonly rows: Int32Array;
  readonly bytes: Float64Array;
  /** CRC-32 of each. */
  readonly sums: Float64Array;
}

const itemsOfUsers = ['seen', 'had'] as const;

export const rowsName = (bucket: number): string => `rows-${bucket}.bin`;

/** Appends the pieces of a file in their order. */
export class PieceWriter {
  readonly pieces: PiecesOfFile;
  #next = 0;

  /** @param file index among the files of the writer @param latest true if latest events of users follow */
  constructor(
    private readonly writer: ShardWriter,
    private readonly file: number,
    piles: number,
    latest = false,
  ) {
    const count = piles + itemsOfUsers.length + (latest ? piles : 0);
    this.pieces = { rows: new Int32Array(count), bytes: new Float64Array(count), sums: new Float64Array(count) };
  }

  /** @param block absent if there are no rows @throws Failure `shards-not-written` */
  append(rows: number, block: ColumnBlock | undefined): void {
    const index = this.#next++;
    if (!block) return;
    this.writer.append(this.file, rows, block);
    const { bytes, sum } = sizeAndSum(block);
    this.pieces.rows[index] = rows;
    this.pieces.bytes[index] = bytes;
    this.pieces.sums[index] = sum;
  }
}

/** The files of all buckets, with what they consist of. */
export class PieceFiles {
  /** Number of ranges of users with their latest events; 0 if these are not there. */
  readonly latestRanges: number;
  /** By file, where each piece begins. */
  readonly #starts: readonly Float64Array[];

  constructor(
    readonly folder: string,
    private readonly files: readonly ShardFile[],
    private readonly pieces: readonly PiecesOfFile[],
    private readonly piles: number,
  ) {
    const count = pieces[0]?.rows.length ?? 0;
    this.latestRanges = count - piles - itemsOfUsers.length;
    const isWhole = ({ rows, bytes, sums }: PiecesOfFile, index: number): boolean =>
      [rows, bytes, sums].every(({ length }) => length === count) &&
      bytes.every((size) => size >= 0) &&
      bytes.reduce((sum, size) => sum + size, 0) === files[index]!.bytes;
    const isKnown = this.latestRanges === 0 || this.latestRanges === piles;
    if (!isKnown || pieces.length !== files.length || !pieces.every(isWhole))
      throw new Error('its pieces are not those of its files');
    this.#starts = pieces.map(({ bytes }) => {
      let end = 0;
      return bytes.map((size) => (end += size) - size);
    });
  }

  /** Reads what users had without checking checksums, which were checked when the folder was opened. @throws Failure `shards-damaged` */
  readItemsOfUsers(listName: (typeof itemsOfUsers)[number]): OwnBlock[] {
    return readSpansSync(this.folder, this.spansOfItemsOfUsers(listName));
  }

  /** Returns what users had, in the order of buckets. */
  spansOfItemsOfUsers(listName: (typeof itemsOfUsers)[number]): FileSpan[] {
    return this.spansOf(this.piles + itemsOfUsers.indexOf(listName));
  }

  spansOfLatest(range: number): FileSpan[] {
    return this.spansOf(this.piles + itemsOfUsers.length + range);
  }

  /** Returns the pieces of a pile, in the order of buckets. */
  spansOf(index: number): FileSpan[] {
    return this.pieces.flatMap(({ bytes, sums }, bucket) => {
      if (bytes[index] === 0) return [];
      const file = { name: rowsName(bucket), size: this.files[bucket]!.bytes };
      return [{ ...file, start: this.#starts[bucket]![index]!, bytes: bytes[index]!, sum: crcText(sums[index]!) }];
    });
  }
}

/** Returns the total of each pile over all files. */
export const totalsOfPiles = (pieces: readonly PiecesOfFile[], measure: 'rows' | 'bytes', piles: number): number[] =>
  Array.from({ length: piles }, (_, pile) => pieces.reduce((sum, piece) => sum + piece[measure][pile]!, 0));
