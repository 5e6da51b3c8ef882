/** Appends blocks to files and keeps their checksums. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, truncateSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describeSystemError, failure } from '../../base/diagnostics/diagnostic.ts';
import { blocksIn, type ColumnBlock, type OwnBlock, piecesOf } from './column_block.ts';

export interface ShardFile {
  readonly rows: number;
  readonly bytes: number;
  /** In hexadecimal: SHA-256, or CRC-32 of files between two passes. */
  readonly sum: string;
}

interface FileChecksum {
  update(bytes: Uint8Array): unknown;
  /** Returns that of all bytes so far. */
  text(): string;
}

class Sha256 implements FileChecksum {
  readonly #hash = createHash('sha256');

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  text(): string {
    return this.#hash.copy().digest('hex');
  }
}

/** Finds damage several times as fast as SHA-256. */
class Crc32 implements FileChecksum {
  value = 0;

  update(bytes: Uint8Array): void {
    this.value = crc32(bytes, this.value);
  }

  text(): string {
    return crcText(this.value);
  }
}

export const crcText = (value: number): string => value.toString(16).padStart(8, '0');

/** Returns the size of a block in a file, and its CRC-32. */
export function sizeAndSum(block: ColumnBlock): { readonly bytes: number; readonly sum: number } {
  const sum = new Crc32();
  let bytes = 0;
  for (const piece of piecesOf(block)) {
    sum.update(piece);
    bytes += piece.byteLength;
  }
  return { bytes, sum: sum.value };
}

const sumLike = (sum: string): FileChecksum => (sum.length === 8 ? new Crc32() : new Sha256());

export function isShardFile(value: unknown): value is ShardFile {
  const { rows, bytes, sum } = (value ?? {}) as Partial<ShardFile>;
  const areCounts = [rows, bytes].every((count) => Number.isSafeInteger(count) && count! >= 0);
  return areCounts && typeof sum === 'string' && /^([0-9a-f]{8}|[0-9a-f]{64})$/.test(sum);
}

interface OpenShard {
  readonly name: string;
  readonly hash: FileChecksum;
  rows: number;
  bytes: number;
}

export class ShardWriter {
  private constructor(
    private readonly folder: string,
    private readonly shards: readonly OpenShard[],
  ) {}

  /** @param names of files that do not exist yet @param checksum `crc32` for files between two passes */
  static create(folder: string, names: readonly string[], checksum: 'sha256' | 'crc32' = 'sha256'): ShardWriter {
    const hash = (): FileChecksum => (checksum === 'crc32' ? new Crc32() : new Sha256());
    const shards = names.map((name) => ({ name, hash: hash(), rows: 0, bytes: 0 }));
    const writer = new ShardWriter(folder, shards);
    for (const index of names.keys()) writer.#write(index, []);
    return writer;
  }

  /** Resumes with files in the state that `files` describes. Later additions are cut off. @throws Failure `shards-damaged` */
  static async resume(
    folder: string,
    names: readonly string[],
    files: readonly ShardFile[],
    signal?: AbortSignal,
  ): Promise<ShardWriter> {
    const shards: OpenShard[] = [];
    for (const [index, name] of names.entries()) {
      signal?.throwIfAborted();
      const { rows, bytes, sum } = files[index]!;
      const path = join(folder, name);
      const hash = sumLike(sum);
      await addStart(hash, path, bytes);
      if (hash.text() !== sum) throw damaged(path, 'its checksum differs');
      truncateSync(path, bytes);
      shards.push({ name, hash, rows, bytes });
    }
    return new ShardWriter(folder, shards);
  }

  /** Appends a block. It opens the file each time, because there may be more files than a process may have open. @throws Failure `shards-not-written` */
  append(index: number, rows: number, block: ColumnBlock): void {
    const pieces = piecesOf(block);
    this.#write(index, pieces);
    const file = this.shards[index]!;
    for (const piece of pieces) {
      file.hash.update(piece);
      file.bytes += piece.byteLength;
    }
    file.rows += rows;
  }

  /** Flushes all files to the disk. Nothing may be appended afterwards. */
  async finish(): Promise<ShardFile[]> {
    for (const { name } of this.shards) {
      const path = join(this.folder, name);
      try {
        await syncFile(path);
      } catch (error) {
        // Some disks report only now that they are full.
        throw notWritten(path, error);
      }
    }
    return this.files();
  }

  files(): ShardFile[] {
    return this.shards.map(({ rows, bytes, hash }) => ({ rows, bytes, sum: hash.text() }));
  }

  #write(index: number, pieces: readonly Uint8Array[]): void {
    const path = join(this.folder, this.shards[index]!.name);
    try {
      const file = openSync(path, 'a');
      try {
        for (const piece of pieces) for (let from = 0; from < piece.byteLength; ) from += writeSync(file, piece, from);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw notWritten(path, error);
    }
  }
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  await handle.sync().finally(() => handle.close());
}

/** Returns the error that replaces an error of the system. */
export function notWritten(path: string, error: unknown): unknown {
  const reason = describeSystemError(error);
  return reason === undefined ? error : failure('shards-not-written', { path, reason });
}

/** Bytes that are read and hashed between two checks of the signal. */
const stride = 8 * 2 ** 20;

/** Returns the blocks of a shard after checking its checksum. @throws Failure `shards-damaged` */
export async function readShard(
  folder: string,
  name: string,
  expected?: Pick<ShardFile, 'bytes' | 'sum'>,
): Promise<OwnBlock[]> {
  const path = join(folder, name);
  return blocksOf(await bytesOf(path, expected), path);
}

/** A part of a file. */
export interface FileSpan {
  readonly name: string;
  /** Bytes of the whole file. */
  readonly size: number;
  readonly start: number;
  readonly bytes: number;
  /** As that of a file. */
  readonly sum: string;
}

/** Returns the blocks of parts of files, in this order, without checking checksums: those of the files were checked when the folder was opened. @throws Failure `shards-damaged` */
export function readSpansSync(folder: string, spans: readonly FileSpan[]): OwnBlock[] {
  const bytes = new ArrayBuffer(totalBytes(spans));
  let target = 0;
  for (const { name, size, start, bytes: length } of spans) {
    const path = join(folder, name);
    try {
      const file = openSync(path, 'r');
      try {
        refuseOtherSize(path, fstatSync(file).size, size);
        for (let offset = 0; offset < length; ) {
          const piece = new Uint8Array(bytes, target + offset, Math.min(stride, length - offset));
          const bytesRead = readSync(file, piece, { position: start + offset });
          if (bytesRead === 0) throw damaged(path, 'it ends too early');
          offset += bytesRead;
        }
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw damagedBy(path, error);
    }
    target += length;
  }
  return blocksOf(bytes, join(folder, spans[0]?.name ?? ''));
}

const totalBytes = (spans: readonly FileSpan[]): number => spans.reduce((sum, { bytes }) => sum + bytes, 0);

function blocksOf(bytes: ArrayBuffer, path: string): OwnBlock[] {
  try {
    return blocksIn(bytes);
  } catch (error) {
    throw damaged(path, (error as Error).message);
  }
}

function refuseOtherSize(path: string, size: number, expected: number): void {
  if (size !== expected) throw damaged(path, `it has ${size} bytes instead of ${expected}`);
}

/** Returns the error that replaces an error of the system. */
function damagedBy(path: string, error: unknown): unknown {
  const reason = describeSystemError(error);
  return reason === undefined ? error : damaged(path, reason);
}

export const damaged = (path: string, reason: string) =>
  failure('shards-damaged', { path, folder: join(path, '..'), reason });

async function bytesOf(path: string, expected?: Pick<ShardFile, 'bytes' | 'sum'>): Promise<ArrayBuffer> {
  let bytes = new ArrayBuffer(0);
  const hash = expected && sumLike(expected.sum);
  await withFile(path, async (handle, size) => {
    if (expected) refuseOtherSize(path, size, expected.bytes);
    // A single `Uint8Array` could not exceed 4 GiB.
    bytes = new ArrayBuffer(size);
    const pieceAt = (offset: number): Uint8Array => new Uint8Array(bytes, offset, Math.min(stride, size - offset));
    await readFrom(handle, path, { start: 0, length: size }, pieceAt, (piece) => hash?.update(piece));
  });
  if (hash && hash.text() !== expected?.sum) throw damaged(path, 'its checksum differs');
  return bytes;
}

async function addStart(hash: FileChecksum, path: string, length: number): Promise<void> {
  const buffer = new Uint8Array(Math.min(stride, length));
  const pieceAt = (offset: number): Uint8Array => buffer.subarray(0, Math.min(stride, length - offset));
  await withFile(path, (handle) =>
    readFrom(handle, path, { start: 0, length }, pieceAt, (piece) => hash.update(piece)),
  );
}

/** @param pieceAt returns the memory for the bytes from an offset on, which counts from `start` */
async function readFrom(
  handle: FileHandle,
  path: string,
  { start, length }: { readonly start: number; readonly length: number },
  pieceAt: (offset: number) => Uint8Array,
  take: (bytes: Uint8Array, offset: number) => void,
): Promise<void> {
  for (let offset = 0; offset < length; ) {
    const piece = pieceAt(offset);
    const { bytesRead } = await handle.read(piece, 0, piece.byteLength, start + offset);
    if (bytesRead === 0) throw damaged(path, 'it ends too early');
    take(piece.subarray(0, bytesRead), offset);
    offset += bytesRead;
  }
}

export async function withFile(path: string, body: (handle: FileHandle, size: number) => Promise<void>): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await body(handle, (await handle.stat()).size);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw damagedBy(path, error);
  }
}

/** Reads a shard only to check its checksum. @throws Failure `shards-damaged` */
export async function verifyShard(folder: string, name: string, { bytes, sum }: ShardFile): Promise<void> {
  await readSpan(folder, { name, size: bytes, start: 0, bytes, sum }, () => {});
}

/**
 * Reads a part of a file some bytes at a time, which are valid only during the call. @throws Failure `shards-damaged`, after the last bytes if the checksum differs
 */
export async function readSpan(
  folder: string,
  { name, size, start, bytes: length, sum }: FileSpan,
  take: (bytes: Uint8Array, offset: number) => void,
): Promise<void> {
  const path = join(folder, name);
  const hash = sumLike(sum);
  await withFile(path, async (handle, found) => {
    refuseOtherSize(path, found, size);
    const buffer = Buffer.allocUnsafeSlow(Math.min(stride, length));
    const pieceAt = (offset: number): Uint8Array => buffer.subarray(0, Math.min(stride, length - offset));
    await readFrom(handle, path, { start, length }, pieceAt, (bytes, offset) => {
      hash.update(bytes);
      take(bytes, start + offset);
    });
  });
  if (hash.text() !== sum) throw damaged(path, 'its checksum differs');
}
