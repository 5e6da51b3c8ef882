/** Appends blocks to files and keeps their checksums. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, truncateSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { failure } from '../../base/diagnostics/failure.ts';
import { systemReason } from '../../base/diagnostics/system_reason.ts';
import { blocksIn, type ColumnBlock, type OwnBlock, piecesOf } from './block.ts';

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
  #value = 0;

  update(bytes: Uint8Array): void {
    this.#value = crc32(bytes, this.#value);
  }

  text(): string {
    return this.#value.toString(16).padStart(8, '0');
  }
}

const sumLike = (sum: string): FileChecksum => (sum.length === 8 ? new Crc32() : new Sha256());

interface OpenShard {
  readonly name: string;
  readonly hash: FileChecksum;
  rows: number;
  bytes: number;
}

export class ShardWriter {
  #buffer: Uint8Array | undefined;

  private constructor(
    private readonly folder: string,
    private readonly shards: readonly OpenShard[],
  ) {}

  /** @param names of files that do not exist yet @param checksum `crc32` for files between two passes */
  static new(folder: string, names: readonly string[], checksum: 'sha256' | 'crc32' = 'sha256'): ShardWriter {
    const hash = (): FileChecksum => (checksum === 'crc32' ? new Crc32() : new Sha256());
    const shards = names.map((name) => ({ name, hash: hash(), rows: 0, bytes: 0 }));
    const writer = new ShardWriter(folder, shards);
    for (const index of names.keys()) writer.#write(index, []);
    return writer;
  }

  /**
   * Resumes with files in the state that `files` describes. Later additions are cut off.
   * @throws Failure `shards-damaged`
   */
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

  /**
   * Appends a block. It opens the file each time, because there may be more files than a process may have open.
   * @throws Failure `shards-not-written`
   */
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

  /** Appends the blocks of another file. @throws Failure `shards-damaged`, `shards-not-written` */
  async appendFile(index: number, path: string, expected: ShardFile): Promise<void> {
    const file = this.shards[index]!;
    const hash = sumLike(expected.sum);
    await withFile(path, async (handle, size) => {
      if (size !== expected.bytes) throw damaged(path, `it has ${size} bytes instead of ${expected.bytes}`);
      // One for all files, because making it takes as long as filling it.
      this.#buffer ??= Buffer.allocUnsafeSlow(stride);
      const buffer = this.#buffer;
      for (let offset = 0; offset < size; ) {
        const { bytesRead } = await handle.read(buffer, 0, Math.min(stride, size - offset), offset);
        if (bytesRead === 0) throw damaged(path, 'it ends too early');
        const piece = buffer.subarray(0, bytesRead);
        for (const each of [hash, file.hash]) each.update(piece);
        this.#write(index, [piece]);
        offset += bytesRead;
      }
    });
    if (hash.text() !== expected.sum) throw damaged(path, 'its checksum differs');
    file.bytes += expected.bytes;
    file.rows += expected.rows;
  }

  /** Flushes all files to the disk. Nothing may be appended afterwards. */
  async finish(): Promise<ShardFile[]> {
    for (const { name } of this.shards) {
      const path = join(this.folder, name);
      try {
        const handle = await open(path, 'r+');
        await handle.sync().finally(() => handle.close());
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

/** Returns the error that replaces an error of the system. */
export function notWritten(path: string, error: unknown): unknown {
  const reason = systemReason(error);
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
  const bytes = await bytesOf(path, expected);
  try {
    return blocksIn(bytes);
  } catch (error) {
    throw failure('shards-damaged', { path, folder, reason: (error as Error).message });
  }
}

/** Returns the blocks of a shard synchronously. Does not check the checksum, which was checked when the folder was opened. @throws Failure `shards-damaged` */
export function readShardSync(folder: string, name: string, { bytes: size }: Pick<ShardFile, 'bytes'>): OwnBlock[] {
  const path = join(folder, name);
  try {
    const file = openSync(path, 'r');
    try {
      if (fstatSync(file).size !== size) throw new Error('it has another length');
      const bytes = new ArrayBuffer(size);
      for (let offset = 0; offset < size; ) {
        const bytesRead = readSync(file, new Uint8Array(bytes, offset, Math.min(stride, size - offset)), {
          position: offset,
        });
        if (bytesRead === 0) throw new Error('it ends too early');
        offset += bytesRead;
      }
      return blocksIn(bytes);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw damaged(path, systemReason(error) ?? (error as Error).message);
  }
}

export const damaged = (path: string, reason: string) =>
  failure('shards-damaged', { path, folder: join(path, '..'), reason });

async function bytesOf(path: string, expected?: Pick<ShardFile, 'bytes' | 'sum'>): Promise<ArrayBuffer> {
  let bytes = new ArrayBuffer(0);
  const hash = expected && sumLike(expected.sum);
  await withFile(path, async (handle, size) => {
    if (expected && size !== expected.bytes) {
      throw damaged(path, `it has ${size} bytes instead of ${expected.bytes}`);
    }
    // A single `Uint8Array` could not exceed 4 GiB.
    bytes = new ArrayBuffer(size);
    const pieceAt = (offset: number): Uint8Array => new Uint8Array(bytes, offset, Math.min(stride, size - offset));
    await readStart(handle, path, size, pieceAt, hash);
  });
  if (hash && hash.text() !== expected?.sum) throw damaged(path, 'its checksum differs');
  return bytes;
}

async function addStart(hash: FileChecksum, path: string, length: number): Promise<void> {
  const buffer = new Uint8Array(Math.min(stride, length));
  const pieceAt = (offset: number): Uint8Array => buffer.subarray(0, Math.min(stride, length - offset));
  await withFile(path, (handle) => readStart(handle, path, length, pieceAt, hash));
}

/** @param pieceAt returns the memory for the bytes from an offset on */
async function readStart(
  handle: FileHandle,
  path: string,
  length: number,
  pieceAt: (offset: number) => Uint8Array,
  hash: FileChecksum | undefined,
): Promise<void> {
  for (let offset = 0; offset < length; ) {
    const piece = pieceAt(offset);
    const { bytesRead } = await handle.read(piece, 0, piece.byteLength, offset);
    if (bytesRead === 0) throw damaged(path, 'it ends too early');
    hash?.update(piece.subarray(0, bytesRead));
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
    const reason = systemReason(error);
    throw reason === undefined ? error : damaged(path, reason);
  }
}

/** Reads a shard only to check its checksum. @throws Failure `shards-damaged` */
export async function verifyShard(folder: string, name: string, expected: ShardFile): Promise<void> {
  await readPieces(join(folder, name), expected, () => {});
}

/** Reads a shard in pieces, which are valid only during the call. @throws Failure `shards-damaged`, after the last piece if the checksum differs */
export async function readPieces(
  path: string,
  { bytes: size, sum }: Pick<ShardFile, 'bytes' | 'sum'>,
  take: (piece: Uint8Array, offset: number) => void,
): Promise<void> {
  const hash = sumLike(sum);
  await withFile(path, async (handle, found) => {
    if (found !== size) throw damaged(path, `it has ${found} bytes instead of ${size}`);
    const buffer = Buffer.allocUnsafeSlow(Math.min(stride, size));
    for (let offset = 0; offset < size; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(stride, size - offset), offset);
      if (bytesRead === 0) throw damaged(path, 'it ends too early');
      const piece = buffer.subarray(0, bytesRead);
      hash.update(piece);
      take(piece, offset);
      offset += bytesRead;
    }
  });
  if (hash.text() !== sum) throw damaged(path, 'its checksum differs');
}
