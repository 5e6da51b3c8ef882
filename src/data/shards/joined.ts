/** Reads the columns of several shards, each joined into one array. All numbers go to their places, so no column is in memory twice. */
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../base/diagnostics/failure.ts';
import type { BagColumn } from '../dataset.ts';
import {
  type BlockArray,
  type ColumnBlock,
  columnsOf,
  headerBytes,
  type OwnBlock,
  type PlacedColumn,
  padded,
  prefixBytes,
} from './block.ts';
import { damaged, readPieces, type ShardFile, withFile } from './shard_files.ts';

export type NamedShard = readonly [name: string, file: ShardFile];

interface JoinedColumn {
  readonly array: BlockArray;
  /** Bytes that are in place. */
  filled: number;
}

/** Reads shards of a folder behind the columns of `before`. @throws Failure `shards-damaged` */
export async function readJoined(
  folder: string,
  shards: readonly NamedShard[],
  before: ColumnBlock = new Map(),
): Promise<OwnBlock> {
  const lengths = new Map<string, Pick<PlacedColumn, 'make' | 'length'>>();
  for (const [name, array] of before)
    lengths.set(name, { make: array.constructor as PlacedColumn['make'], length: array.length });
  const placesOfShards: (readonly PlacedColumn[])[] = [];
  for (const [file, { bytes }] of shards) {
    const path = join(folder, file);
    const places = await placesIn(path, bytes);
    for (const { name, make, length } of places) {
      const known = lengths.get(name);
      if (known && known.make !== make) throw damaged(path, `the column ${name} has two types`);
      lengths.set(name, { make, length: length + (known?.length ?? 0) });
    }
    placesOfShards.push(places);
  }
  const joined = roomFor(lengths);
  for (const [name, array] of before) {
    const column = joined.get(name)!;
    column.array.set(array);
    column.filled = array.byteLength;
  }
  for (const [at, [file, expected]] of shards.entries())
    await readPieces(join(folder, file), expected, filling(joined, placesOfShards[at]!));
  return new Map([...joined].map(([name, { array }]) => [name, array]));
}

/**
 * Reads some bags of a column, by their numbers; all others are empty. A bag is in one block of the file, and shares nothing with others.
 * @param spans of all bags among the values of all blocks
 * @throws Failure `shards-damaged`
 */
export async function readBags(
  folder: string,
  [name, file]: NamedShard,
  spans: Pick<BagColumn, 'starts' | 'ends'>,
  bags: Iterable<number>,
): Promise<BagColumn> {
  const path = join(folder, name);
  const starts = new Int32Array(spans.starts.length);
  const ends = new Int32Array(spans.starts.length);
  const inFile = [...new Set(bags)].filter((bag) => bag >= 0 && spans.ends[bag]! > spans.starts[bag]!);
  inFile.sort((a, b) => spans.starts[a]! - spans.starts[b]!);
  const places: PlacedColumn[] = [];
  const blocks = await placesIn(path, file.bytes);
  let block = 0;
  let before = 0;
  let length = 0;
  for (const bag of inFile) {
    while (spans.starts[bag]! >= before + blocks[block]!.length) before += blocks[block++]!.length;
    const place = { ...blocks[block]!, length: spans.ends[bag]! - spans.starts[bag]! };
    const start = place.start + (spans.starts[bag]! - before) * place.make.BYTES_PER_ELEMENT;
    places.push({ ...place, start });
    starts[bag] = length;
    length += place.length;
    ends[bag] = length;
  }
  const joined = new Map([['values', { array: new Int32Array(length), filled: 0 }]]);
  await readPieces(path, file, filling(joined, places));
  return { kind: 'bags', starts, ends, values: joined.get('values')!.array };
}

/** Allocates columns in one buffer: the C library returns a large one to the system when it is freed, and keeps small ones. */
function roomFor(lengths: ReadonlyMap<string, Pick<PlacedColumn, 'make' | 'length'>>): Map<string, JoinedColumn> {
  let total = 0;
  const starts = new Map<string, number>();
  for (const [name, { make, length }] of lengths) {
    starts.set(name, total);
    total += padded(length * make.BYTES_PER_ELEMENT);
  }
  const buffer = new ArrayBuffer(total);
  return new Map(
    [...lengths].map(([name, { make, length }]) => [
      name,
      { array: new make(buffer, starts.get(name), length), filled: 0 },
    ]),
  );
}

/** Returns a function that takes the pieces of a shard in their order. */
function filling(
  joined: ReadonlyMap<string, JoinedColumn>,
  places: readonly PlacedColumn[],
): (piece: Uint8Array, offset: number) => void {
  let at = 0;
  return (piece, offset) => {
    const pieceEnd = offset + piece.length;
    for (; at < places.length && places[at]!.start < pieceEnd; at++) {
      const { name, make, length, start } = places[at]!;
      const column = joined.get(name)!;
      const end = start + length * make.BYTES_PER_ELEMENT;
      const part = piece.subarray(Math.max(start, offset) - offset, Math.min(end, pieceEnd) - offset);
      const { buffer, byteOffset } = column.array;
      new Uint8Array(buffer, byteOffset + column.filled, part.length).set(part);
      column.filled += part.length;
      if (end > pieceEnd) break;
    }
  };
}

/** Returns where the columns of all blocks of a shard are. @throws Failure `shards-damaged` */
async function placesIn(path: string, size: number): Promise<PlacedColumn[]> {
  const places: PlacedColumn[] = [];
  await withFile(path, async (handle) => {
    try {
      for (let offset = 0; offset < size; ) {
        const length = headerBytes(await wordsAt(handle, offset));
        if (offset + prefixBytes + length > size) throw new Error('a block is cut off');
        const header = await bytesAt(handle, offset + prefixBytes, length);
        const { columns, end } = columnsOf(header.toString(), offset, size);
        places.push(...columns);
        offset = end;
      }
    } catch (error) {
      throw error instanceof Failure || 'code' in (error as Error) ? error : damaged(path, (error as Error).message);
    }
  });
  return places;
}

const wordsAt = async (handle: FileHandle, offset: number): Promise<Uint32Array> =>
  new Uint32Array(Uint8Array.from(await bytesAt(handle, offset, prefixBytes)).buffer);

async function bytesAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, offset);
  if (bytesRead < length) throw new Error('it ends too early');
  return buffer;
}
