/**
 * Stores records in a folder so that they survive a kill and a loss of power. A record is on the disk before `append` resolves. Opening the log returns all of
 * these records, and perhaps the one that was being written. They are in one file. Compaction writes another file, which replaces it by a rename.
 *
 *     const { log } = await openRecordLog(makeLogFiles('items'), { name: 'items', version: 1, decode }, (record) => remember(record));
 *     await log.append([record]);
 *     await log.replace(recordsThatSayTheSame, { exclusive });
 */
import { randomUUID } from 'node:crypto';
import { describeSystemError, Failure, failure, invariant } from '../../diagnostics/diagnostic.ts';
import { encodeLine, type LinePosition, type LogFile, type LogFiles, lineError, logStart, readLines } from './lines.ts';

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
  /**
   * Resolves when the records are on the disk. Call it again only after that.
   * @throws Failure `cannot-write`, or `items-log` if another program has moved or changed the file: none of the records is in the log
   */
  append(records: readonly R[]): Promise<void>;
  /** The place of the next record in the current file. `replace` invalidates all places. */
  readonly end: LinePosition;
  /** Yields the records between two positions in batches, in the order of the file. @throws Failure `items-log`, `cannot-read` */
  read(from?: LinePosition, to?: LinePosition): AsyncGenerator<readonly R[], void>;
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
  readonly onWritten?: (record: R) => void;
  /** Number of the first records of the current file that the new one lacks. It has one record for each of the others, so positions stay the same. */
  readonly droppedRecords?: number;
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
const maxPausedRecords = 16;
const maxCopyRounds = 10;

/**
 * Opens the log. The function is long because all steps share the current file and its error state.
 * @param addRecord called with each record of the log
 * @throws Failure `items-log`, `cannot-read`, `cannot-write`
 */
export async function openRecordLog<R>(
  files: LogFiles,
  format: LogFormat<R>,
  addRecord: (record: R) => void,
): Promise<OpenedLog<R>> {
  const { name } = format;
  const partialName = `${name}.partial`;
  const { parseNumber, findLatest, nameOf } = makeFileNames(name);
  let id: string = randomUUID();

  const createFile = async (number: number, basePosition = 0): Promise<LogFileState> => {
    const file = await files.create(partialName);
    const header: LogHeader = {
      tower: name,
      version: format.version,
      ...(basePosition > 0 && { position: basePosition }),
      id,
    };
    const started = { file, number, basePosition, bytes: 0, lines: 0 };
    try {
      await writeLines(started, [header]);
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
    return started;
  };
  /** Makes the new file the current one, by a rename. */
  const commit = async ({ file, number }: LogFileState): Promise<void> => {
    await file.sync();
    await files.rename(partialName, nameOf(number));
    await files.syncFolder();
  };
  const removeOtherFiles = async (currentNumber: number): Promise<void> => {
    for (const fileName of await files.list()) {
      if (fileName === partialName || (parseNumber(fileName) > 0 && parseNumber(fileName) !== currentNumber))
        await files.remove(fileName);
    }
  };

  const latestNumber = findLatest(await asFailure(files, files.list(), 'cannot-read'));
  let torn = false;
  let current: LogFileState;
  if (latestNumber === 0) {
    current = await asFailure(files, createFile(1), 'cannot-write');
    await asFailure(files, commit(current), 'cannot-write');
  } else {
    const latestName = nameOf(latestNumber);
    const recordReader = readRecords(files, latestName, format);
    let next = await asFailure(files, recordReader.next(), 'cannot-read');
    for (; !next.done; next = await asFailure(files, recordReader.next(), 'cannot-read')) next.value.forEach(addRecord);
    const { bytes, lines, basePosition } = next.value;
    torn = next.value.torn;
    id = next.value.id ?? id;
    const file = await asFailure(files, files.append(latestName), 'cannot-write');
    current = { file, number: latestNumber, basePosition: basePosition, bytes, lines };
    if (torn) {
      await asFailure(
        files,
        file.truncate(bytes).then(() => file.sync()),
        'cannot-write',
      );
    }
  }
  await asFailure(files, removeOtherFiles(current.number), 'cannot-write');

  /** Records to copy to a new file after its first ones. */
  let appendedDuringReplace: R[] | undefined;
  let fatalError: Failure | undefined;

  /** @throws Failure `items-log` */
  const refuseIfChanged = async ({ file, number, bytes }: LogFileState): Promise<void> => {
    if (await file.isIntact(nameOf(number), bytes)) return;
    const advice = 'put the file back as it was; a restart goes on with what lies there, without the rest';
    throw lineError(files, nameOf(number), undefined, 'it was moved, replaced or changed by another program', advice);
  };
  const switchTo = async (newFile: LogFileState, onWritten: (record: R) => void): Promise<void> => {
    if (fatalError) throw fatalError;
    await writeLines(newFile, appendedDuringReplace!, onWritten);
    try {
      await commit(newFile);
    } catch (error) {
      // The new file may already be the current one: a record in the old one would be lost.
      fatalError = toFailure(files, error);
      throw fatalError;
    }
    current = newFile;
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
      if (fatalError) throw fatalError;
      const { file, bytes, lines } = current;
      await refuseIfChanged(current);
      const encodedLines = Buffer.concat(records.map((record, index) => encodeLine(lines + index + 1, record)));
      let isWritten = false;
      try {
        await writeAll(file, encodedLines);
        isWritten = true;
        await file.sync();
      } catch (error) {
        const writeFailure = toFailure(files, error);
        // After a failed sync, it is unknown what is on the disk.
        if (isWritten) fatalError = writeFailure;
        else await file.truncate(bytes).catch(() => (fatalError = writeFailure));
        throw writeFailure;
      }
      current.bytes += encodedLines.length;
      current.lines += records.length;
      for (const record of records) appendedDuringReplace?.push(record);
    },
    get end() {
      return { bytes: current.bytes, lines: current.lines };
    },
    async *read(from = logStart, to = log.end) {
      const recordReader = readRecords(files, nameOf(current.number), format, from, to);
      for (;;) {
        const readResult = await asFailure(files, recordReader.next(), 'cannot-read');
        if (readResult.done) return;
        yield readResult.value;
      }
    },
    async replace(replacementRecords, { exclusive, onWritten = () => {}, droppedRecords }) {
      invariant(appendedDuringReplace === undefined, 'a log is shortened once at a time');
      if (fatalError) throw fatalError;
      appendedDuringReplace = [];
      const replaced = current;
      let newFile: LogFileState | undefined;
      try {
        await refuseIfChanged(replaced);
        const before = droppedRecords === undefined ? positionOf(replaced) : replaced.basePosition + droppedRecords;
        newFile = await createFile(replaced.number + 1, before);
        await writeLines(newFile, replacementRecords, onWritten);
        // Most of the work is done here, while records are still appended to the old file.
        for (let round = 0; appendedDuringReplace.length > maxPausedRecords && round < maxCopyRounds; round++) {
          const lateRecords = appendedDuringReplace;
          appendedDuringReplace = [];
          await writeLines(newFile, lateRecords, onWritten);
        }
        await newFile.file.sync();
        await exclusive(() => switchTo(newFile!, onWritten));
        appendedDuringReplace = undefined;
        await replaced.file.close();
        await removeOtherFiles(newFile.number);
      } catch (error) {
        if (newFile !== current) {
          await newFile?.file.close().catch(() => {});
          // Frees the space, which a full disk needs.
          if (!fatalError) await files.remove(partialName).catch(() => {});
        }
        throw toFailure(files, error);
      } finally {
        appendedDuringReplace = undefined;
      }
    },
    close: () => current.file.close(),
  };
  return { log, torn };
}

/** Yields records in batches. Returns the end of the last complete line. @throws Failure `items-log` */
async function* readRecords<R>(
  files: LogFiles,
  path: string,
  format: LogFormat<R>,
  from = logStart,
  to?: LinePosition,
): AsyncGenerator<
  readonly R[],
  LinePosition & { readonly torn: boolean; readonly basePosition: number; readonly id?: string }
> {
  const lineReader = readLines(files, path, from, to?.bytes);
  let { lines } = from;
  let header: Pick<LogHeader, 'id'> & { readonly basePosition: number } = { basePosition: 0 };
  for (;;) {
    const readResult = await lineReader.next();
    if (readResult.done) {
      if (lines === 0) throw lineError(files, path, 1, 'it should say what the file is, and the file is empty');
      return { ...readResult.value, ...header, lines };
    }
    const records: R[] = [];
    for (const { number, value } of readResult.value) {
      lines = number;
      if (number === 1) {
        header = parseHeader(files, path, value, format);
        continue;
      }
      const decoded = format.decode(value);
      if ('reason' in decoded) throw lineError(files, path, number, decoded.reason);
      records.push(decoded.record);
    }
    yield records;
  }
}

/** @throws Failure `items-log` */
function parseHeader<R>(files: LogFiles, path: string, value: unknown, { name, version }: LogFormat<R>) {
  const { tower, version: fileVersion, position = 0, id } = (value ?? {}) as Partial<LogHeader>;
  const isId = id === undefined || (typeof id === 'string' && /^[0-9a-f-]{36}$/.test(id));
  if (tower !== name || !Number.isSafeInteger(fileVersion) || !Number.isSafeInteger(position) || !isId)
    throw lineError(files, path, 1, `it does not say that the file is a log of ${name}`);
  if (fileVersion !== version)
    throw lineError(
      files,
      path,
      1,
      `the log has version ${fileVersion}, and this Tower reads version ${version}`,
      'start the Tower that wrote it, or move the folder away',
    );
  return { basePosition: position, ...(id === undefined ? {} : { id }) };
}

function makeFileNames(name: string) {
  const parseNumber = (file: string): number =>
    Number(new RegExp(`^${name}-([1-9]\\d{0,14})\\.log$`).exec(file)?.[1] ?? 0);
  const findLatest = (files: readonly string[]): number =>
    files.reduce((latest, file) => Math.max(latest, parseNumber(file)), 0);
  return { parseNumber, findLatest, nameOf: (number: number): string => `${name}-${number}.log` };
}

/** Maximum number of times that a log is read anew because another process has replaced its file. */
const maxReplacements = 10;

/** Reads a log that another process may be writing. A record that is cut short at the end is left out. @throws Failure `items-log`, `cannot-read` */
export async function readRecordLog<R>(
  files: LogFiles,
  format: LogFormat<R>,
): Promise<{ readonly id: string | undefined; readonly basePosition: number; readonly records: readonly R[] }> {
  const { findLatest, nameOf } = makeFileNames(format.name);
  for (let attempt = 1; ; attempt++) {
    const latestNumber = findLatest(await asFailure(files, files.list(), 'cannot-read'));
    if (latestNumber === 0) return { id: undefined, basePosition: 0, records: [] };
    const records: R[] = [];
    try {
      const recordReader = readRecords(files, nameOf(latestNumber), format);
      let next = await recordReader.next();
      for (; !next.done; next = await recordReader.next()) for (const fileName of next.value) records.push(fileName);
      return { id: next.value.id, basePosition: next.value.basePosition, records };
    } catch (error) {
      const isReplaced = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isReplaced || attempt === maxReplacements) throw toFailure(files, error, 'cannot-read');
    }
  }
}

function toFailure(
  { folder }: LogFiles,
  error: unknown,
  code: 'cannot-read' | 'cannot-write' = 'cannot-write',
): Failure {
  if (error instanceof Failure) return error;
  const reason = describeSystemError(error);
  if (reason === undefined) throw error;
  return failure(code, { path: folder, reason });
}

const asFailure = <T>(files: LogFiles, work: Promise<T>, code: 'cannot-read' | 'cannot-write'): Promise<T> =>
  work.catch((error: unknown) => {
    throw toFailure(files, error, code);
  });

/** Bytes that are written at a time. They are formatted as JSON without a noticeable pause. */
const chunkBytes = 2 ** 16;

interface LogFileState {
  readonly file: LogFile;
  readonly number: number;
  /** Position before the first record. */
  readonly basePosition: number;
  bytes: number;
  lines: number;
}

const positionOf = ({ basePosition, lines }: LogFileState): number => basePosition + lines - 1;

/** @param onWritten called with each value */
async function writeLines<T>(
  to: LogFileState,
  values: AsyncIterable<T> | Iterable<T>,
  onWritten: (value: T) => void = () => {},
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
    const line = encodeLine(++to.lines, value);
    bytes += line.length;
    lines.push(line);
    onWritten(value);
    if (bytes >= chunkBytes) await flush();
  }
  if (lines.length > 0) await flush();
}

async function writeAll(file: LogFile, bytes: Uint8Array): Promise<void> {
  for (let index = 0; index < bytes.length; ) index += await file.write(bytes.subarray(index));
}
