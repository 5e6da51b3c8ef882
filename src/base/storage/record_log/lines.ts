/**
 * Reads and writes lines of a log: `CHECKSUM NUMBER JSON`. The checksum is the CRC-32 of the rest of the line, in eight hexadecimal digits. The
 * number is the line number, from 1, so a missing, repeated or moved line is detected.
 */
import { constants, fstatSync, lstatSync, writeSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { failure, invariant } from '../../diagnostics/diagnostic.ts';
import { syncFolder } from '../durable.ts';

/** An open file of a log, with only the few operations that a log needs, so that a test can interrupt it at any point. */
export interface LogFile {
  /** Appends bytes. May write fewer than it was given; returns how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Waits until written bytes are on the disk. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  /** True if the file still has this name, and this many bytes: nobody has moved, replaced or changed it. */
  isIntact(name: string, bytes: number): Promise<boolean>;
  close(): Promise<void>;
}

export interface LogFiles {
  /** The folder as shown in messages. */
  readonly folder: string;
  list(): Promise<readonly string[]>;
  /** Reads a file from an offset on, in pieces. */
  read(name: string, from: number): AsyncIterable<Uint8Array>;
  /** Creates an empty file, or empties an existing one. */
  create(name: string): Promise<LogFile>;
  /** Opens a file to append to it. */
  append(name: string): Promise<LogFile>;
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Waits until created, renamed and removed names are on the disk. */
  syncFolder(): Promise<void>;
}

/** Small enough for JSON to be parsed without a noticeable pause. */
const chunkBytes = 2 ** 16;

/** Symbolic links are not followed, because they may lead out of the folder. */
const noLink = constants.O_NOFOLLOW ?? 0;

export const makeLogFiles = (folder: string): LogFiles => ({
  folder,
  list: () => readdir(folder),
  async *read(name, from) {
    const handle = await open(join(folder, name), constants.O_RDONLY | noLink);
    try {
      for (let index = from; ; ) {
        const chunk = new Uint8Array(chunkBytes);
        const { bytesRead } = await handle.read(chunk, 0, chunkBytes, index);
        if (bytesRead === 0) return;
        index += bytesRead;
        yield chunk.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  },
  create: (name) => openLogFile(folder, name, constants.O_CREAT | constants.O_TRUNC),
  append: (name) => openLogFile(folder, name, 0),
  rename: (from, to) => rename(join(folder, from), join(folder, to)),
  remove: (name) => rm(join(folder, name), { force: true }),
  syncFolder: () => syncFolder(folder),
});

async function openLogFile(folder: string, openedName: string, flags: number): Promise<LogFile> {
  const handle = await open(join(folder, openedName), constants.O_WRONLY | constants.O_APPEND | noLink | flags, 0o600);
  return {
    // A look at the cache of the system, or a copy into it, takes less time than a turn of the event loop, for which a promise waits.
    async isIntact(name, bytes) {
      const { dev, ino, size } = fstatSync(handle.fd, { bigint: true });
      const named = lstatSync(join(folder, name), { bigint: true, throwIfNoEntry: false });
      return named?.dev === dev && named.ino === ino && size === BigInt(bytes);
    },
    write: async (bytes) => writeSync(handle.fd, bytes),
    sync: () => handle.datasync(),
    truncate: (bytes) => handle.truncate(bytes),
    close: () => handle.close(),
  };
}

/** Maximum bytes of a line. A longer one is never written, and reading reserves no more memory. */
const maxLineBytes = 64 * 2 ** 20;

export function encodeLine(number: number, value: unknown): Uint8Array {
  const numberedText = `${number} ${JSON.stringify(value)}`;
  const line = Buffer.from(`${crcOf(Buffer.from(numberedText))} ${numberedText}\n`);
  invariant(line.length <= maxLineBytes, `a line of ${line.length} bytes`);
  return line;
}

const crcOf = (bytes: Uint8Array): string => crc32(bytes).toString(16).padStart(8, '0');

export interface ReadLine {
  readonly number: number;
  readonly value: unknown;
}

/** A position between two lines. */
export interface LinePosition {
  readonly bytes: number;
  readonly lines: number;
}

export const logStart: LinePosition = { bytes: 0, lines: 0 };

export interface LogEnd {
  /** Bytes up to the end of the last whole line. */
  readonly bytes: number;
  /** True if a part of a line follows, as after a crash. */
  readonly torn: boolean;
}

/**
 * Yields the lines in a range of bytes, in batches. Only the last line may be incomplete, without its end or with zeros, after a crash during a write. Any
 * other invalid line is damage.
 * @throws Failure `items-log`
 */
export async function* readLines(
  files: LogFiles,
  name: string,
  from: LinePosition = logStart,
  to = Number.POSITIVE_INFINITY,
): AsyncGenerator<readonly ReadLine[], LogEnd> {
  /** The beginning of a line whose end has not been read. */
  let pendingChunks: Uint8Array[] = [];
  let pendingBytes = 0;
  let { bytes, lines: number } = from;
  let torn = false;
  const parseLine = (line: Uint8Array): ReadLine | undefined => {
    number++;
    // An incomplete line must be the last.
    if (torn) throw lineError(files, name, number - 1, 'it is incomplete, and other lines follow');
    if (line.includes(0)) {
      torn = true;
      return undefined;
    }
    bytes += line.length + 1;
    return { number, value: decodeLine(line, number, (reason) => lineError(files, name, number, reason)) };
  };
  for await (const chunk of files.read(name, from.bytes)) {
    const chunkInRange = chunk.subarray(0, Math.min(chunk.length, to - bytes - pendingBytes));
    const lines: ReadLine[] = [];
    let lineStart = 0;
    for (let end = chunkInRange.indexOf(10); end >= 0; end = chunkInRange.indexOf(10, lineStart)) {
      const lineTail = chunkInRange.subarray(lineStart, end);
      const line = parseLine(pendingChunks.length === 0 ? lineTail : Buffer.concat([...pendingChunks, lineTail]));
      if (line) lines.push(line);
      pendingChunks = [];
      pendingBytes = 0;
      lineStart = end + 1;
    }
    if (lineStart < chunkInRange.length) {
      pendingChunks.push(chunkInRange.subarray(lineStart));
      pendingBytes += chunkInRange.length - lineStart;
    }
    if (pendingBytes > maxLineBytes) throw lineError(files, name, number + 1, 'it is longer than any line of a log');
    if (lines.length > 0) yield lines;
    if (chunkInRange.length < chunk.length) break;
  }
  return { bytes, torn: torn || pendingBytes > 0 };
}

function decodeLine(line: Uint8Array, number: number, makeError: (reason: string) => Error): unknown {
  const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength);
  const numberedJson = text.subarray(9);
  if (text.toString('latin1', 0, 9) !== `${crcOf(numberedJson)} `)
    throw makeError('its checksum is not that of its text');
  const spaceIndex = numberedJson.indexOf(32);
  if (numberedJson.toString('latin1', 0, spaceIndex) !== String(number))
    throw makeError('its number is not that of the line');
  try {
    return JSON.parse(numberedJson.toString('utf8', spaceIndex + 1));
  } catch {
    throw makeError('it is not JSON');
  }
}

/** @throws Failure `items-log` */
export const lineError = (
  { folder }: LogFiles,
  name: string,
  line: number | undefined,
  reason: string,
  advice = 'restore the file from a copy, or move the folder away',
): Error => failure('items-log', { path: `${folder}/${name}`, line, reason, advice });
