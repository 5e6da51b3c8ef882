/** Reads the columns of parts of files, each joined into one array. All numbers go to their places, so no column is in memory twice. */
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../base/diagnostics/diagnostic.ts';
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
} from './column_block.ts';
import { damaged, type FileSpan, readSpan, withFile } from './shard_files.ts';

interface JoinedColumn {
  readonly array: BlockArray;
  /** Bytes that are in place. */
  filled: number;
}

/** Reads parts of files of a folder behind the columns of `before`. @throws Failure `shards-damaged` */
export async function readJoined(
  folder: string,
  spans: readonly FileSpan[],
  before: ColumnBlock = new Map(),
): Promise<OwnBlock> {
  const lengths = new Map<string, Pick<PlacedColumn, 'make' | 'length'>>();
  for (const [name, array] of before)
    lengths.set(name, { make: array.constructor as PlacedColumn['make'], length: array.length });
  const placesOfSpans: (readonly PlacedColumn[])[] = [];
  for (const span of spans) {
    const path = join(folder, span.name);
    const places = await placesIn(path, span);
    for (const { name, make, length } of places) {
      const knownColumn = lengths.get(name);
      if (knownColumn && knownColumn.make !== make) throw damaged(path, `the column ${name} has two types`);
      lengths.set(name, { make, length: length + (knownColumn?.length ?? 0) });
    }
    placesOfSpans.push(places);
  }
  const columns = roomFor(lengths);
  for (const [name, array] of before) {
    const column = columns.get(name)!;
    column.array.set(array);
    column.filled = array.byteLength;
  }
  for (const [index, span] of spans.entries()) await readSpan(folder, span, filling(columns, placesOfSpans[index]!));
  return new Map([...columns].map(([name, { array }]) => [name, array]));
}

/**
 * Reads some bags of a column, by their numbers; all others are empty. A bag is in one block, and shares nothing with others. @param files parts of files with
 * the values of all bags, and below where each bag is among all values @throws Failure `shards-damaged`
 */
export async function readBags(
  folder: string,
  files: readonly FileSpan[],
  { starts: allStarts, ends: allEnds }: Pick<BagColumn, 'starts' | 'ends'>,
  bags: Iterable<number>,
): Promise<BagColumn> {
  const starts = new Int32Array(allStarts.length);
  const ends = new Int32Array(allStarts.length);
  const inOrder = [...new Set(bags)].filter((bag) => bag >= 0 && allEnds[bag]! > allStarts[bag]!);
  inOrder.sort((a, b) => allStarts[a]! - allStarts[b]!);
  const blocks: { readonly file: number; readonly place: PlacedColumn }[] = [];
  for (const [file, span] of files.entries())
    for (const place of await placesIn(join(folder, span.name), span)) blocks.push({ file, place });
  const placesOfFiles = files.map((): PlacedColumn[] => []);
  let block = 0;
  let before = 0;
  let length = 0;
  for (const bag of inOrder) {
    while (allStarts[bag]! >= before + blocks[block]!.place.length) before += blocks[block++]!.place.length;
    const { file, place } = blocks[block]!;
    const start = place.start + (allStarts[bag]! - before) * place.make.BYTES_PER_ELEMENT;
    placesOfFiles[file]!.push({ ...place, start, length: allEnds[bag]! - allStarts[bag]! });
    starts[bag] = length;
    length += allEnds[bag]! - allStarts[bag]!;
    ends[bag] = length;
  }
  const columns = new Map([['values', { array: new Int32Array(length), filled: 0 }]]);
  for (const [file, places] of placesOfFiles.entries())
    if (places.length > 0) await readSpan(folder, files[file]!, filling(columns, places));
  return { kind: 'bags', starts, ends, values: columns.get('values')!.array };
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

/** Returns a function that takes the bytes of a part of a file in their order. */
function filling(
  columns: ReadonlyMap<string, JoinedColumn>,
  places: readonly PlacedColumn[],
): (bytes: Uint8Array, offset: number) => void {
  let at = 0;
  return (bytes, offset) => {
    const bytesEnd = offset + bytes.length;
    for (; at < places.length && places[at]!.start < bytesEnd; at++) {
      const { name, make, length, start } = places[at]!;
      const column = columns.get(name)!;
      const end = start + length * make.BYTES_PER_ELEMENT;
      const part = bytes.subarray(Math.max(start, offset) - offset, Math.min(end, bytesEnd) - offset);
      const { buffer, byteOffset } = column.array;
      new Uint8Array(buffer, byteOffset + column.filled, part.length).set(part);
      column.filled += part.length;
      if (end > bytesEnd) break;
    }
  };
}

/** Returns where the columns of all blocks of a part of a file are. @throws Failure `shards-damaged` */
async function placesIn(path: string, { start, bytes }: FileSpan): Promise<PlacedColumn[]> {
  const spanEnd = start + bytes;
  const places: PlacedColumn[] = [];
  await withFile(path, async (handle) => {
    try {
      for (let offset = start; offset < spanEnd; ) {
        const length = headerBytes(await wordsAt(handle, offset));
        if (offset + prefixBytes + length > spanEnd) throw new Error('a block is cut off');
        const header = await bytesAt(handle, offset + prefixBytes, length);
        const { columns, end } = columnsOf(header.toString(), offset, spanEnd);
        for (const column of columns) places.push(column);
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
