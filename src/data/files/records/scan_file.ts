/** Feeds the bytes of a file to a scanner. JSON records are counted, and copied to a new file if the database would read the original differently. */
import { createReadStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { CR, FileShapeError, LF, type RecordProblem, type Scanner } from '../../csv/csv_records.ts';
import type { InputFile } from '../find_files.ts';

export interface JsonScanner extends Scanner {
  /** True if the database can read the original file: no record has a problem or is ambiguous. */
  readonly plain: boolean;
}

export interface ScanResult {
  readonly good: number;
  readonly bad: readonly { readonly line: number; readonly problem: RecordProblem }[];
  readonly plain: boolean;
}

/** Number of bytes that suffice to find the columns of a text file. */
export const shortSample = 64 * 1024;

const pieceBytes = 1 << 20;
/** Reading stops after this many bad records if they outnumber the good ones, because each is stored with its reason. */
const maxBadRecords = 1_000_000;

/** @throws FileShapeError if almost all records of a file are bad */
export function refuseHopeless(
  badCount: number,
  goodCount: number,
  firstBad: ScanResult['bad'][number] | undefined,
): void {
  if (firstBad === undefined || badCount <= maxBadRecords || badCount <= goodCount) return;
  const limit = maxBadRecords.toLocaleString('en');
  throw new FileShapeError(firstBad.line, `${firstBad.problem.reason}; ${limit} rows are invalid, and fewer are valid`);
}

/** Counts the records of a file. Throws the errors of the file system and of zlib, and FileShapeError. */
export async function scanFile(file: InputFile, scanner: JsonScanner, signal?: AbortSignal): Promise<ScanResult> {
  let goodCount = 0;
  const badRecords: { line: number; problem: RecordProblem }[] = [];
  const take = (bytes: Buffer, final: boolean): number =>
    scanner.scan(bytes, final, (line, _from, _to, problem) => {
      if (problem === undefined) goodCount++;
      else badRecords.push({ line, problem });
      refuseHopeless(badRecords.length, goodCount, badRecords[0]);
    });
  await eachPiece(file, take, signal);
  return { good: goodCount, bad: badRecords, plain: scanner.plain };
}

/** Writes the good records to the new file at `path`, one on each line: line ends between JSON tokens become spaces. */
export async function copyGood(file: InputFile, scanner: Scanner, path: string, signal?: AbortSignal): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    // A record and its line end take no more bytes than before, except that the last record may gain a line end.
    let output = Buffer.alloc(0);
    let length = 0;
    const take = (bytes: Buffer, final: boolean): number => {
      if (output.length < bytes.length + 1) output = Buffer.alloc(bytes.length + 1);
      length = 0;
      return scanner.scan(bytes, final, (_line, from, end, problem) => {
        if (problem !== undefined) return;
        const start = length;
        length += bytes.copy(output, start, from, end);
        for (let i = start; i < length; i++) if (output[i] === LF || output[i] === CR) output[i] = 0x20;
        output[length++] = LF;
      });
    };
    const write = async (): Promise<void> => {
      for (let done = 0; done < length; ) done += (await handle.write(output, done, length - done)).bytesWritten;
    };
    await eachPiece(file, take, signal, write);
  } finally {
    await handle.close();
  }
}

export async function eachGood(file: InputFile, scanner: Scanner, onGoodLine: (line: number) => void): Promise<void> {
  await eachPiece(file, (bytes, final) =>
    scanner.scan(bytes, final, (line, _from, _to, problem) => {
      if (problem === undefined) onGoodLine(line);
    }),
  );
}

/** Reads and decompresses the first bytes of a file: at least `minBytes`, or all if there are fewer. */
export async function readBeginning(
  file: InputFile,
  minBytes: number,
): Promise<{ readonly bytes: Buffer; readonly isWhole: boolean }> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of unpacked(file, Math.min(minBytes, pieceBytes))) {
    pieces.push(piece);
    length += piece.length;
    if (length >= minBytes) return { bytes: Buffer.concat(pieces), isWhole: false };
  }
  return { bytes: Buffer.concat(pieces), isWhole: true };
}

/** Calls `take` with the bytes that it has not consumed, followed by new ones, in one buffer that is reused. */
export async function eachPiece(
  file: InputFile,
  take: (bytes: Buffer, final: boolean) => number,
  signal?: AbortSignal,
  afterwards?: () => Promise<void>,
): Promise<void> {
  let buffer = Buffer.allocUnsafe(2 * pieceBytes);
  let length = 0;
  const makeRoom = (needed: number): void => {
    if (buffer.length - length >= needed) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * buffer.length, length + needed));
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  };
  const scanWholeRecords = async (final: boolean): Promise<void> => {
    signal?.throwIfAborted();
    const takenBytes = take(buffer.subarray(0, length), final);
    buffer.copyWithin(0, takenBytes, length);
    length -= takenBytes;
    await afterwards?.();
  };
  if (file.compressed) {
    for await (const piece of unpacked(file, pieceBytes)) {
      makeRoom(piece.length);
      length += piece.copy(buffer, length);
      await scanWholeRecords(false);
    }
  } else {
    const handle = await open(file.path);
    try {
      for (;;) {
        makeRoom(pieceBytes);
        const { bytesRead } = await handle.read(buffer, length, pieceBytes);
        if (bytesRead === 0) break;
        length += bytesRead;
        await scanWholeRecords(false);
      }
    } finally {
      await handle.close();
    }
  }
  await scanWholeRecords(true);
}

/** Decompresses a file. A truncated compressed file is an error, and so is data after the end of the compressed data. */
export async function* unpacked(file: Pick<InputFile, 'path' | 'compressed'>, size: number): AsyncGenerator<Buffer> {
  const raw = createReadStream(file.path, { highWaterMark: size });
  if (!file.compressed) {
    for await (const chunk of raw) yield chunk as Buffer;
    return;
  }
  const gunzip = createGunzip({ chunkSize: size });
  raw.on('error', (error) => gunzip.destroy(error));
  raw.pipe(gunzip);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
    const extraBytes = statSync(file.path).size - gunzip.bytesWritten;
    if (extraBytes > 0) throw new Error(`${extraBytes.toLocaleString('en')} bytes follow its compressed data`);
  } finally {
    raw.destroy();
  }
}

/** Returns a stamp that changes when the file is written. Equal stamps mean the same, unchanged file. */
export function stampOf(file: InputFile): string {
  if (file.remote !== undefined) return file.remote.stamp;
  const { dev, ino, size, mtimeNs } = statSync(file.path, { bigint: true });
  return [dev, ino, size, mtimeNs].join();
}

/** A sample of a file: all bytes of a small file, or pieces spread over a large one, so that sampling takes seconds at any size. */
export interface FileSample {
  /** The first piece is the beginning of the file. The others may begin and end within a record. */
  readonly pieces: readonly Buffer[];
  readonly isWhole: boolean;
  /** Decompressed size of the file, if known. */
  readonly size: number | undefined;
}

const firstBytes = 2 << 20;
const otherBytes = 256 << 10;
const otherPieces = 8;

export async function sampleBytes(file: InputFile): Promise<FileSample> {
  const { size } = statSync(file.path);
  const maxBytes = firstBytes + otherBytes * otherPieces;
  if (file.compressed || size <= maxBytes) {
    const { bytes, isWhole } = await readBeginning(file, maxBytes);
    return { pieces: [bytes], isWhole, size: isWhole ? bytes.length : undefined };
  }
  const handle = await open(file.path);
  try {
    const pieces: Buffer[] = [];
    const readPiece = async (offset: number, length: number): Promise<void> => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
      pieces.push(buffer.subarray(0, bytesRead));
    };
    await readPiece(0, firstBytes);
    // The offsets are even, because a character of UTF-16 has two bytes.
    const step = Math.floor((size - firstBytes - otherBytes) / (otherPieces - 1) / 2) * 2;
    for (let piece = 0; piece < otherPieces; piece++) await readPiece(firstBytes + piece * step, otherBytes);
    return { pieces, isWhole: false, size };
  } finally {
    await handle.close();
  }
}
