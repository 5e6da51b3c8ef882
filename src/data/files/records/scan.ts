/** Gives the bytes of a file to a scanner. Records of JSON are counted, and copied where the database would read the file otherwise. */
import { createReadStream, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import type { InputFile } from '../files.ts';
import { type Problem, type Scanner, ShapeError } from './scanner.ts';
import { CR, LF } from './text_bytes.ts';

export interface JsonScanner extends Scanner {
  /** Whether the database can be given the file as it is: no record has a problem, and nothing in it is read in several ways. */
  readonly plain: boolean;
}

export interface Scan {
  /** Records without a problem. */
  readonly good: number;
  readonly bad: readonly { readonly line: number; readonly problem: Problem }[];
  /** See `JsonScanner`. */
  readonly plain: boolean;
}

const PIECE = 1 << 20;
/** Past so many bad records that outnumber the good ones, the rest is not looked at: each is kept with its reason. */
const MOST = 1_000_000;

/** @throws ShapeError where a file holds nearly nothing but bad records */
export function refuseHopeless(bad: number, good: number, first: Scan['bad'][number] | undefined): void {
  if (first === undefined || bad <= MOST || bad <= good) return;
  const most = MOST.toLocaleString('en');
  throw new ShapeError(first.line, `${first.problem.reason}; ${most} rows are invalid, and fewer are valid`);
}

/** Counts the records of a file. Throws what the file system and zlib throw, and ShapeError. */
export async function scanFile(file: InputFile, scanner: JsonScanner, signal?: AbortSignal): Promise<Scan> {
  let good = 0;
  const bad: { line: number; problem: Problem }[] = [];
  const take = (bytes: Buffer, final: boolean): number =>
    scanner.take(bytes, final, (line, _from, _to, problem) => {
      if (problem === undefined) good++;
      else bad.push({ line, problem });
      refuseHopeless(bad.length, good, bad[0]);
    });
  await eachPiece(file, take, signal);
  return { good, bad, plain: scanner.plain };
}

/** Writes the records without a problem to the new file `to`, one a line: line ends between JSON's tokens become spaces. */
export async function copyGood(file: InputFile, scanner: Scanner, to: string, signal?: AbortSignal): Promise<void> {
  const handle: FileHandle = await open(to, 'wx', 0o600);
  try {
    // A record and its line end take no more room than they did, but for the last, which may have none.
    let out = Buffer.alloc(0);
    let length = 0;
    const take = (bytes: Buffer, final: boolean): number => {
      if (out.length < bytes.length + 1) out = Buffer.alloc(bytes.length + 1);
      length = 0;
      return scanner.take(bytes, final, (_line, from, end, problem) => {
        if (problem !== undefined) return;
        const start = length;
        length += bytes.copy(out, start, from, end);
        for (let i = start; i < length; i++) if (out[i] === LF || out[i] === CR) out[i] = 0x20;
        out[length++] = LF;
      });
    };
    const write = async (): Promise<void> => {
      for (let done = 0; done < length; ) done += (await handle.write(out, done, length - done)).bytesWritten;
    };
    await eachPiece(file, take, signal, write);
  } finally {
    await handle.close();
  }
}

/** Calls `each` with the line of every record without a problem. */
export async function eachGood(file: InputFile, scanner: Scanner, each: (line: number) => void): Promise<void> {
  await eachPiece(file, (bytes, final) =>
    scanner.take(bytes, final, (line, _from, _to, problem) => {
      if (problem === undefined) each(line);
    }),
  );
}

/** The first bytes of a file, unpacked: all of them where there are fewer than `least`. */
export async function beginning(
  file: InputFile,
  least: number,
): Promise<{ readonly bytes: Buffer; readonly whole: boolean }> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of unpacked(file, Math.min(least, PIECE))) {
    pieces.push(piece);
    length += piece.length;
    if (length >= least) return { bytes: Buffer.concat(pieces), whole: false };
  }
  return { bytes: Buffer.concat(pieces), whole: true };
}

/** `take` is given the bytes that it did not take before, and those that follow; the buffer is one, and reused. */
export async function eachPiece(
  file: InputFile,
  take: (bytes: Buffer, final: boolean) => number,
  signal?: AbortSignal,
  after?: () => Promise<void>,
): Promise<void> {
  let buffer = Buffer.allocUnsafe(2 * PIECE);
  let length = 0;
  const makeRoom = (needed: number): void => {
    if (buffer.length - length >= needed) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * buffer.length, length + needed));
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  };
  const given = async (final: boolean): Promise<void> => {
    signal?.throwIfAborted();
    const taken = take(buffer.subarray(0, length), final);
    buffer.copyWithin(0, taken, length);
    length -= taken;
    await after?.();
  };
  if (file.compressed) {
    for await (const piece of unpacked(file, PIECE)) {
      makeRoom(piece.length);
      length += piece.copy(buffer, length);
      await given(false);
    }
  } else {
    const handle = await open(file.path);
    try {
      for (;;) {
        makeRoom(PIECE);
        const { bytesRead } = await handle.read(buffer, length, PIECE);
        if (bytesRead === 0) break;
        length += bytesRead;
        await given(false);
      }
    } finally {
      await handle.close();
    }
  }
  await given(true);
}

/** A compressed file that was cut off is an error, and so is one with something after its compressed data. */
async function* unpacked(file: InputFile, size: number): AsyncGenerator<Buffer> {
  const raw = createReadStream(file.path, { highWaterMark: size });
  if (!file.compressed) {
    for await (const chunk of raw) yield chunk as Buffer;
    return;
  }
  const unpacking = createGunzip({ chunkSize: size });
  raw.on('error', (error) => unpacking.destroy(error));
  raw.pipe(unpacking);
  try {
    for await (const chunk of unpacking) yield chunk as Buffer;
    const more = statSync(file.path).size - unpacking.bytesWritten;
    if (more > 0) throw new Error(`${more.toLocaleString('en')} bytes follow its compressed data`);
  } finally {
    raw.destroy();
  }
}

/** What changes when a file is written: two that are equal were taken of one and the same file. */
export function stampOf(file: InputFile): string {
  if (file.remote !== undefined) return file.remote.stamp;
  const { dev, ino, size, mtimeNs } = statSync(file.path, { bigint: true });
  return [dev, ino, size, mtimeNs].join();
}
