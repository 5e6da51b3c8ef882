/**
 * Records in a folder that survive a kill and a loss of power: a record is on the disk before `append` resolves, and opening gives every record that was, and perhaps the
 * one that was being written, whole. All lie in one file; shortening it writes the next one, and the rename is the moment that it counts.
 *
 *     const { log, records } = await openRecordLog(logFilesIn('items'), { name: 'items', version: 1, decode });
 *     await log.append(record);
 *     await log.replace(() => recordsThatSayTheSame);
 */
import { Failure, failure, invariant } from '../../diagnostics/failure.ts';
import { systemReason } from '../../diagnostics/system_reason.ts';
import { damaged, lineOf, readLines } from './lines.ts';
import type { LogFile, LogFiles } from './log_files.ts';

export interface LogFormat<R> {
  /** What the files are called: `items-1.log`. */
  readonly name: string;
  /** A log of a later version is refused. */
  readonly version: number;
  /** The record in a value of JSON, or what is wrong with it. */
  decode(value: unknown): { readonly record: R } | { readonly reason: string };
}

export interface RecordLog<R> {
  /** Of the file. */
  readonly bytes: number;
  /**
   * Resolves when the record is on the disk. One at a time.
   * @throws Failure `cannot-write`: the record is not in the log
   */
  append(record: R): Promise<void>;
  /**
   * Goes on in a new file with these records in the place of all before. Records may be appended meanwhile: they come after them.
   * @param exclusive runs work while no `append` does
   * @throws Failure `cannot-write`: the log goes on in the old file, or takes no more records
   */
  replace(records: readonly R[], exclusive: <T>(work: () => Promise<T>) => Promise<T>): Promise<void>;
  close(): Promise<void>;
}

export interface OpenedLog<R> {
  readonly log: RecordLog<R>;
  readonly records: readonly R[];
  /** Whether a record was cut short by a crash; it is removed. */
  readonly torn: boolean;
}

interface Header {
  readonly tower: string;
  readonly version: number;
}

/** Bytes that are written at a time where many records are. */
const pieceBytes = 2 ** 18;

/**
 * Long because all steps share the file that is written to, and what has gone wrong with it.
 * @throws Failure `items-log`, `cannot-read`, `cannot-write`
 */
export async function openRecordLog<R>(files: LogFiles, format: LogFormat<R>): Promise<OpenedLog<R>> {
  const { name } = format;
  const partial = `${name}.partial`;
  const numberOf = (file: string): number =>
    Number(new RegExp(`^${name}-([1-9]\\d{0,14})\\.log$`).exec(file)?.[1] ?? 0);
  const nameOf = (number: number): string => `${name}-${number}.log`;

  const start = async (number: number, records: Iterable<R>): Promise<Started> => {
    const file = await files.create(partial);
    const header: Header = { tower: name, version: format.version };
    const started = { file, number, bytes: 0, lines: 0 };
    await writeLines(
      started,
      (function* () {
        yield header;
        yield* records;
      })(),
    );
    return started;
  };
  /** The file counts from the rename on. */
  const commit = async ({ file, number }: Started): Promise<void> => {
    await file.sync();
    await files.rename(partial, nameOf(number));
    await files.syncFolder();
  };
  const removeOthers = async (kept: number): Promise<void> => {
    for (const each of await files.list()) {
      if (each === partial || (numberOf(each) > 0 && numberOf(each) !== kept)) await files.remove(each);
    }
  };

  const latest = Math.max(0, ...(await guarded(files, files.list(), 'cannot-read')).map(numberOf));
  const records: R[] = [];
  let torn = false;
  let current: Started;
  if (latest === 0) {
    current = await guarded(files, start(1, []), 'cannot-write');
    await guarded(files, commit(current), 'cannot-write');
  } else {
    const path = nameOf(latest);
    let lines = 0;
    const ended = await guarded(
      files,
      readLines(files, path, ({ number, value }) => {
        lines = number;
        if (number === 1) return refuseHeader(files, path, value, format);
        const decoded = format.decode(value);
        if ('reason' in decoded) throw damaged(files, path, number, decoded.reason);
        records.push(decoded.record);
      }),
      'cannot-read',
    );
    if (lines === 0) throw damaged(files, path, 1, 'it should say what the file is, and the file is empty');
    torn = ended.torn;
    const file = await guarded(files, files.append(path), 'cannot-write');
    current = { file, number: latest, bytes: ended.bytes, lines };
    if (torn) {
      await guarded(
        files,
        file.truncate(ended.bytes).then(() => file.sync()),
        'cannot-write',
      );
    }
  }
  await guarded(files, removeOthers(current.number), 'cannot-write');

  /** Lines that a new file needs besides those that it began with. */
  let since: R[] | undefined;
  let broken: Failure | undefined;

  const switchTo = async (next: Started): Promise<void> => {
    if (broken) throw broken;
    await writeLines(next, since!);
    try {
      await commit(next);
    } catch (error) {
      // The new file may be the one that counts: a record in the old one would be lost.
      broken = refusalOf(files, error);
      throw broken;
    }
    const old = current;
    current = next;
    await old.file.close();
    await removeOthers(next.number);
  };

  const log: RecordLog<R> = {
    get bytes() {
      return current.bytes;
    },
    async append(record) {
      if (broken) throw broken;
      const { file, bytes, lines } = current;
      const line = lineOf(lines + 1, record);
      let isWritten = false;
      try {
        await writeAll(file, line);
        isWritten = true;
        await file.sync();
      } catch (error) {
        const refusal = refusalOf(files, error);
        // After a sync that failed, nobody knows what is on the disk.
        if (isWritten) broken = refusal;
        else await file.truncate(bytes).catch(() => (broken = refusal));
        throw refusal;
      }
      current.bytes += line.length;
      current.lines++;
      since?.push(record);
    },
    async replace(replacing, exclusive) {
      invariant(since === undefined, 'a log is shortened once at a time');
      if (broken) throw broken;
      since = [];
      let next: Started | undefined;
      try {
        next = await start(current.number + 1, replacing);
        // Most of the waiting is here, while records are appended to the old file.
        await next.file.sync();
        await exclusive(() => switchTo(next!));
      } catch (error) {
        if (next && next !== current) await next.file.close().catch(() => {});
        throw refusalOf(files, error);
      } finally {
        since = undefined;
      }
    },
    close: () => current.file.close(),
  };
  return { log, records, torn };
}

/** A file that is written to. */
interface Started {
  readonly file: LogFile;
  readonly number: number;
  bytes: number;
  lines: number;
}

async function writeLines(to: Started, values: Iterable<unknown>): Promise<void> {
  let lines: Buffer[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    await writeAll(to.file, Buffer.concat(lines));
    to.bytes += bytes;
    lines = [];
    bytes = 0;
  };
  for (const value of values) {
    const line = lineOf(++to.lines, value);
    bytes += line.length;
    lines.push(line);
    if (bytes >= pieceBytes) await flush();
  }
  if (lines.length > 0) await flush();
}

async function writeAll(file: LogFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += await file.write(bytes.subarray(at));
}

function refuseHeader<R>(files: LogFiles, path: string, value: unknown, { name, version }: LogFormat<R>): void {
  const { tower, version: own } = (value ?? {}) as Partial<Header>;
  if (tower !== name || !Number.isSafeInteger(own))
    throw damaged(files, path, 1, `it does not say that the file is a log of ${name}`);
  if (own !== version)
    throw damaged(files, path, 1, `the log has version ${own}, and this Tower reads version ${version}`);
}

function refusalOf(
  { folder }: LogFiles,
  error: unknown,
  code: 'cannot-read' | 'cannot-write' = 'cannot-write',
): Failure {
  if (error instanceof Failure) return error;
  const reason = systemReason(error);
  if (reason === undefined) throw error;
  return failure(code, { path: folder, reason });
}

const guarded = <T>(files: LogFiles, work: Promise<T>, code: 'cannot-read' | 'cannot-write'): Promise<T> =>
  work.catch((error: unknown) => {
    throw refusalOf(files, error, code);
  });
