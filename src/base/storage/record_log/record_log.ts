/**
 * Stores records in a folder so that they survive a kill and a loss of power. A record is on the disk before `append` resolves. Opening the log returns all of
 * these records, and perhaps the one that was being written. They are in one file. Compaction writes another file, which replaces it by a rename.
 *
 *     const { log } = await openRecordLog(logFilesIn('items'), { name: 'items', version: 1, decode }, (record) => remember(record));
 *     await log.append([record]);
 *     await log.replace(recordsThatSayTheSame, { exclusive });
 */
import { randomUUID } from 'node:crypto';
import { Failure, failure, invariant } from '../../diagnostics/failure.ts';
import { systemReason } from '../../diagnostics/system_reason.ts';
import { damagedLine, firstLine, type LinePlace, type LogFile, type LogFiles, lineOf, readLines } from './lines.ts';

export interface LogFormat<R> {
  /** The prefix of file names, as in `items-1.log`. */
  readonly name: string;
  /** Version of the log. A log of a later version is refused. */
  readonly version: number;
  /** Returns the record in a JSON value, or why it is invalid. */
  decode(value: unknown): { readonly record: R } | { readonly reason: string };
}

interface RecordLog<R> {
  readonly bytes: number;
  /** Number of the last record, counted from the first one ever; 0 for none. `replace` gives the records of the new file the next numbers, or keeps them. */
  readonly position: number;
  /** Names the log. It stays the same over restarts and `replace`. */
  readonly id: string;
  /** Resolves when the records are on the disk. Call it again only after that. @throws Failure `cannot-write`: none of the records is in the log */
  append(records: readonly R[]): Promise<void>;
  /** The place of the next record in the current file. `replace` invalidates all places. */
  readonly end: LinePlace;
  /** Yields the records between two positions in batches, in the order of the file. @throws Failure `items-log`, `cannot-read` */
  read(from?: LinePlace, to?: LinePlace): AsyncGenerator<readonly R[], void>;
  /**
   * Compacts the log: a new file begins with these records, which replace all earlier ones. Records that are appended during this follow them.
   * @throws Failure `cannot-write`: the log continues in the old file, or accepts no more records
   */
  replace(records: AsyncIterable<R> | Iterable<R>, options: ReplaceOptions<R>): Promise<void>;
  close(): Promise<void>;
}

interface ReplaceOptions<R> {
  /** Runs work while no `append` runs. */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  /** Called with each record of the new file, in order, before the work of `exclusive` ends. */
  readonly wrote?: (record: R) => void;
  /** Number of the first records of the current file that the new one lacks. It has one record for each of the others, so positions stay the same. */
  readonly dropped?: number;
}

export interface OpenedLog<R> {
  readonly log: RecordLog<R>;
  /** True if a record was cut short by a crash; it is removed. */
  readonly torn: boolean;
}

interface LogHeader {
  readonly tower: string;
  readonly version: number;
  /** Position before the first record of the file. Absent: 0. */
  readonly position?: number;
  /** Absent in a log of an earlier Tower. */
  readonly id?: string;
}

/** Number of records at which appending pauses for the last ones to be copied to a new file, and the maximum number of rounds of copying before. */
const fewSince = 16;
const mostRounds = 10;

/**
 * Opens the log. The function is long because all steps share the current file and its error state.
 * @param take called with each record of the log
 * @throws Failure `items-log`, `cannot-read`, `cannot-write`
 */
export async function openRecordLog<R>(
  files: LogFiles,
  format: LogFormat<R>,
  take: (record: R) => void,
): Promise<OpenedLog<R>> {
  const { name } = format;
  const partialName = `${name}.partial`;
  const { numberOf, latestOf, nameOf } = namesOf(name);
  let id: string = randomUUID();

  const start = async (number: number, before = 0): Promise<Started> => {
    const file = await files.create(partialName);
    const header: LogHeader = { tower: name, version: format.version, ...(before > 0 && { position: before }), id };
    const started = { file, number, before, bytes: 0, lines: 0 };
    try {
      await writeLines(started, [header]);
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
    return started;
  };
  /** Makes the new file the current one, by a rename. */
  const commit = async ({ file, number }: Started): Promise<void> => {
    await file.sync();
    await files.rename(partialName, nameOf(number));
    await files.syncFolder();
  };
  const removeOthers = async (kept: number): Promise<void> => {
    for (const each of await files.list()) {
      if (each === partialName || (numberOf(each) > 0 && numberOf(each) !== kept)) await files.remove(each);
    }
  };

  const latestNumber = latestOf(await guarded(files, files.list(), 'cannot-read'));
  let torn = false;
  let current: Started;
  if (latestNumber === 0) {
    current = await guarded(files, start(1), 'cannot-write');
    await guarded(files, commit(current), 'cannot-write');
  } else {
    const latestName = nameOf(latestNumber);
    const recordReader = recordsOf(files, latestName, format);
    let next = await guarded(files, recordReader.next(), 'cannot-read');
    for (; !next.done; next = await guarded(files, recordReader.next(), 'cannot-read')) next.value.forEach(take);
    const { bytes, lines, before } = next.value;
    torn = next.value.torn;
    id = next.value.id ?? id;
    const file = await guarded(files, files.append(latestName), 'cannot-write');
    current = { file, number: latestNumber, before, bytes, lines };
    if (torn) {
      await guarded(
        files,
        file.truncate(bytes).then(() => file.sync()),
        'cannot-write',
      );
    }
  }
  await guarded(files, removeOthers(current.number), 'cannot-write');

  /** Records to copy to a new file after its first ones. */
  let appendedSince: R[] | undefined;
  let brokenBy: Failure | undefined;

  const switchTo = async (next: Started, wrote: (record: R) => void): Promise<void> => {
    if (brokenBy) throw brokenBy;
    await writeLines(next, appendedSince!, wrote);
    try {
      await commit(next);
    } catch (error) {
      // The new file may already be the current one: a record in the old one would be lost.
      brokenBy = refusalOf(files, error);
      throw brokenBy;
    }
    current = next;
  };

  const log: RecordLog<R> = {
    get bytes() {
      return current.bytes;
    },
    get position() {
      return positionOf(current);
    },
    id,
    async append(records) {
      if (brokenBy) throw brokenBy;
      const { file, bytes, lines } = current;
      const ownLines = Buffer.concat(records.map((record, index) => lineOf(lines + index + 1, record)));
      let isWritten = false;
      try {
        await writeAll(file, ownLines);
        isWritten = true;
        await file.sync();
      } catch (error) {
        const refusal = refusalOf(files, error);
        // After a failed sync, it is unknown what is on the disk.
        if (isWritten) brokenBy = refusal;
        else await file.truncate(bytes).catch(() => (brokenBy = refusal));
        throw refusal;
      }
      current.bytes += ownLines.length;
      current.lines += records.length;
      for (const record of records) appendedSince?.push(record);
    },
    get end() {
      return { bytes: current.bytes, lines: current.lines };
    },
    async *read(from = firstLine, to = log.end) {
      const recordReader = recordsOf(files, nameOf(current.number), format, from, to);
      for (;;) {
        const readResult = await guarded(files, recordReader.next(), 'cannot-read');
        if (readResult.done) return;
        yield readResult.value;
      }
    },
    async replace(replacing, { exclusive, wrote = () => {}, dropped }) {
      invariant(appendedSince === undefined, 'a log is shortened once at a time');
      if (brokenBy) throw brokenBy;
      appendedSince = [];
      const replaced = current;
      let next: Started | undefined;
      try {
        const before = dropped === undefined ? positionOf(replaced) : replaced.before + dropped;
        next = await start(replaced.number + 1, before);
        await writeLines(next, replacing, wrote);
        // Most of the work is done here, while records are still appended to the old file.
        for (let round = 0; appendedSince.length > fewSince && round < mostRounds; round++) {
          const lateRecords = appendedSince;
          appendedSince = [];
          await writeLines(next, lateRecords, wrote);
        }
        await next.file.sync();
        await exclusive(() => switchTo(next!, wrote));
        appendedSince = undefined;
        await replaced.file.close();
        await removeOthers(next.number);
      } catch (error) {
        if (next !== current) {
          await next?.file.close().catch(() => {});
          // Frees the space, which a full disk needs.
          if (!brokenBy) await files.remove(partialName).catch(() => {});
        }
        throw refusalOf(files, error);
      } finally {
        appendedSince = undefined;
      }
    },
    close: () => current.file.close(),
  };
  return { log, torn };
}

/** Yields records in batches. Returns the end of the last complete line. @throws Failure `items-log` */
async function* recordsOf<R>(
  files: LogFiles,
  path: string,
  format: LogFormat<R>,
  from = firstLine,
  to?: LinePlace,
): AsyncGenerator<readonly R[], LinePlace & { readonly torn: boolean; readonly before: number; readonly id?: string }> {
  const lineReader = readLines(files, path, from, to?.bytes);
  let { lines } = from;
  let header: Pick<LogHeader, 'id'> & { readonly before: number } = { before: 0 };
  for (;;) {
    const readResult = await lineReader.next();
    if (readResult.done) {
      if (lines === 0) throw damagedLine(files, path, 1, 'it should say what the file is, and the file is empty');
      return { ...readResult.value, ...header, lines };
    }
    const records: R[] = [];
    for (const { number, value } of readResult.value) {
      lines = number;
      if (number === 1) {
        header = headerIn(files, path, value, format);
        continue;
      }
      const decoded = format.decode(value);
      if ('reason' in decoded) throw damagedLine(files, path, number, decoded.reason);
      records.push(decoded.record);
    }
    yield records;
  }
}

/** @throws Failure `items-log` */
function headerIn<R>(files: LogFiles, path: string, value: unknown, { name, version }: LogFormat<R>) {
  const { tower, version: own, position = 0, id } = (value ?? {}) as Partial<LogHeader>;
  const isId = id === undefined || (typeof id === 'string' && /^[0-9a-f-]{36}$/.test(id));
  if (tower !== name || !Number.isSafeInteger(own) || !Number.isSafeInteger(position) || !isId)
    throw damagedLine(files, path, 1, `it does not say that the file is a log of ${name}`);
  if (own !== version)
    throw damagedLine(
      files,
      path,
      1,
      `the log has version ${own}, and this Tower reads version ${version}`,
      'start the Tower that wrote it, or move the folder away',
    );
  return { before: position, ...(id === undefined ? {} : { id }) };
}

function namesOf(name: string) {
  const numberOf = (file: string): number =>
    Number(new RegExp(`^${name}-([1-9]\\d{0,14})\\.log$`).exec(file)?.[1] ?? 0);
  const latestOf = (files: readonly string[]): number =>
    files.reduce((most, file) => Math.max(most, numberOf(file)), 0);
  return { numberOf, latestOf, nameOf: (number: number): string => `${name}-${number}.log` };
}

/** Maximum number of times that a log is read anew because another process has replaced its file. */
const mostReplacements = 10;

/**
 * Reads a log that another process may be writing. A record that is cut short at the end is left out.
 * @throws Failure `items-log`, `cannot-read`
 */
export async function readRecordLog<R>(
  files: LogFiles,
  format: LogFormat<R>,
): Promise<{ readonly id: string | undefined; readonly before: number; readonly records: readonly R[] }> {
  const { latestOf, nameOf } = namesOf(format.name);
  for (let attempt = 1; ; attempt++) {
    const latestNumber = latestOf(await guarded(files, files.list(), 'cannot-read'));
    if (latestNumber === 0) return { id: undefined, before: 0, records: [] };
    const records: R[] = [];
    try {
      const recordReader = recordsOf(files, nameOf(latestNumber), format);
      let next = await recordReader.next();
      for (; !next.done; next = await recordReader.next()) for (const each of next.value) records.push(each);
      return { id: next.value.id, before: next.value.before, records };
    } catch (error) {
      const isReplaced = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isReplaced || attempt === mostReplacements) throw refusalOf(files, error, 'cannot-read');
    }
  }
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

/** Bytes that are written at a time. They are formatted as JSON without a noticeable pause. */
const pieceBytes = 2 ** 16;

interface Started {
  readonly file: LogFile;
  readonly number: number;
  /** Position before the first record. */
  readonly before: number;
  bytes: number;
  lines: number;
}

const positionOf = ({ before, lines }: Started): number => before + lines - 1;

/** @param wrote called with each value */
async function writeLines<T>(
  to: Started,
  values: AsyncIterable<T> | Iterable<T>,
  wrote: (value: T) => void = () => {},
): Promise<void> {
  let lines: Uint8Array[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    await writeAll(to.file, Buffer.concat(lines));
    to.bytes += bytes;
    lines = [];
    bytes = 0;
  };
  for await (const value of values) {
    const line = lineOf(++to.lines, value);
    bytes += line.length;
    lines.push(line);
    wrote(value);
    if (bytes >= pieceBytes) await flush();
  }
  if (lines.length > 0) await flush();
}

async function writeAll(file: LogFile, bytes: Uint8Array): Promise<void> {
  for (let index = 0; index < bytes.length; ) index += await file.write(bytes.subarray(index));
}
