/** Files that blocks are appended to, with their checksums. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../../diagnostics/failure.ts';
import { systemReason } from '../../diagnostics/system_reason.ts';
import { type Block, blocksIn, piecesOf } from './block.ts';

export interface PileFile {
  readonly rows: number;
  readonly bytes: number;
  /** SHA-256. */
  readonly sha256: string;
}

export class PileWriter {
  readonly #files: { readonly name: string; readonly hash: Hash; rows: number; bytes: number }[];

  /** @param names of the files, none of which exists */
  constructor(
    private readonly folder: string,
    names: readonly string[],
  ) {
    this.#files = names.map((name) => ({ name, hash: createHash('sha256'), rows: 0, bytes: 0 }));
    for (const at of names.keys()) this.#write(at, []);
  }

  /**
   * The files are opened for each block: there may be more of them than a process may have open.
   * @throws Failure `shards-not-written`
   */
  append(at: number, rows: number, block: Block): void {
    const pieces = piecesOf(block);
    this.#write(at, pieces);
    const file = this.#files[at]!;
    for (const piece of pieces) {
      file.hash.update(piece);
      file.bytes += piece.byteLength;
    }
    file.rows += rows;
  }

  /** The files are on the disk once this has ended; nothing is appended after it. */
  async finish(): Promise<PileFile[]> {
    for (const { name } of this.#files) {
      const path = join(this.folder, name);
      try {
        const handle = await open(path, 'r+');
        await handle.sync().finally(() => handle.close());
      } catch (error) {
        // A disk may say only now that it is full.
        throw notWritten(path, error);
      }
    }
    return this.#files.map(({ rows, bytes, hash }) => ({ rows, bytes, sha256: hash.digest('hex') }));
  }

  #write(at: number, pieces: readonly Uint8Array[]): void {
    const path = join(this.folder, this.#files[at]!.name);
    try {
      const file = openSync(path, 'a');
      try {
        for (const piece of pieces)
          for (let from = 0; from < piece.byteLength; ) from += writeSync(file, piece, from, mostAtOnce(piece, from));
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw notWritten(path, error);
    }
  }
}

function notWritten(path: string, error: unknown): unknown {
  const reason = systemReason(error);
  return reason === undefined ? error : failure('shards-not-written', { path, reason });
}

/** One write call moves at most 2 GiB. */
const mostAtOnce = (piece: Uint8Array, from: number): number => Math.min(2 ** 28, piece.byteLength - from);

/** Bytes that are read and hashed between two looks at signals. */
const stride = 8 * 2 ** 20;

/**
 * The blocks of a pile, once its checksum is right.
 * @throws Failure `shards-damaged`
 */
export async function readPile(
  folder: string,
  name: string,
  expected?: Pick<PileFile, 'bytes' | 'sha256'>,
): Promise<Block[]> {
  const path = join(folder, name);
  const bytes = await bytesOf(path, expected);
  try {
    return blocksIn(bytes);
  } catch (error) {
    throw failure('shards-damaged', { path, folder, reason: (error as Error).message });
  }
}

async function bytesOf(path: string, expected?: Pick<PileFile, 'bytes' | 'sha256'>): Promise<Uint8Array> {
  const damaged = (reason: string) => failure('shards-damaged', { path, folder: join(path, '..'), reason });
  const hash = createHash('sha256');
  let bytes: Uint8Array;
  try {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      if (expected && size !== expected.bytes) throw damaged(`it has ${size} bytes instead of ${expected.bytes}`);
      bytes = new Uint8Array(size);
      for (let at = 0; at < size; ) {
        const { bytesRead } = await handle.read(bytes, at, Math.min(stride, size - at), at);
        if (bytesRead === 0) throw damaged('it ends too early');
        if (expected) hash.update(bytes.subarray(at, at + bytesRead));
        at += bytesRead;
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    const reason = systemReason(error);
    throw reason === undefined ? error : damaged(reason);
  }
  if (expected && hash.digest('hex') !== expected.sha256) throw damaged('its checksum differs');
  return bytes;
}

/** Reads a pile for its checksum alone. @throws Failure `shards-damaged` */
export async function verifyPile(folder: string, name: string, expected: PileFile): Promise<void> {
  await bytesOf(join(folder, name), expected);
}
