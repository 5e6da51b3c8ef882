/**
 * An ordered log of writes, with one writer and many followers. Each follower applies all entries in the order of their positions, so replicas that follow the
 * same log show the same. An entry is on the disk before any follower applies it, and `append` resolves when all followers have applied it: an answer that is
 * computed after that knows the entry, whichever replica computes it.
 *
 *     const log = await openWriteLog(makeLogFiles('items'), itemLog, { say });
 *     const follower = await log.follow(0, (entries) => show(entries)); // resolves when the earlier entries are shown
 *     await log.append([entry]); // `show` has ended
 */
import { Failure } from '../../diagnostics/diagnostic.ts';
import { makeSerialQueue } from '../../util/objects.ts';
import { type LogFiles, logStart } from './lines.ts';
import { type LogFormat, openRecordLog } from './record_log.ts';

export interface WriteLog<E> {
  /** Position of the last entry; 0 for none. Positions ascend, also over restarts, and compaction makes gaps. */
  readonly end: number;
  /**
   * Appends entries, next to each other. Entries of concurrent calls are written together. Resolves to the position of the last one when it is on the disk and
   * all followers have applied it. An error of a follower rejects the append, but the entries stay in the log.
   * @throws Failure `cannot-write`: none of the entries is in the log
   */
  append(entries: readonly E[]): Promise<number>;
  /** Resolves when the followers have applied all entries of this moment, also those that other servers have acknowledged. @throws Failure `log-server` */
  catchUp(): Promise<void>;
  /**
   * Applies the entries after a position, then each later one, in order and one call at a time. Resolves when the entries of this moment are applied.
   * Compaction gives the remaining entries new positions, so earlier entries may be applied again: applying must be idempotent.
   * @param from 0 for all entries
   * @throws an error of `apply`, Failure `items-log`, `cannot-read`: nothing follows the log
   */
  follow(from: number, apply: ApplyEntries<E>): Promise<LogFollower>;
}

/** One of the writes of an entry, with the position of the entry. */
export interface PositionedWrite<W> {
  readonly position: number;
  readonly write: W;
  /** Names the write of the server that appended it. */
  readonly by: string | undefined;
}

/** @param end position of the last of the entries */
export type ApplyEntries<E> = (entries: readonly E[], end: number) => Promise<void> | void;

export interface LogFollower {
  /** Resolves when no entry is being applied. None is applied afterwards. */
  stop(): Promise<void>;
}

/** Knows which entries have been replaced by later ones, so that the log can be shortened. */
export interface LogCompaction<E> {
  add(entry: E): void;
  /** True if a log without the replaced entries would be much shorter. */
  readonly isWorthwhile: boolean;
  /** Returns a function that is called with each entry, from the first one on, and returns what was not replaced of it; undefined for nothing. */
  makeRemainingFilter(): (entry: E) => E | undefined;
  /** Number of leading entries that a shorter log lacks, if it has one entry for each of the others, so that positions stay the same. */
  readonly droppableEntries?: number;
  /** Yields entries for a shorter log that say the same as all entries up to now. */
  shorten(entries: AsyncIterable<readonly E[]>): AsyncIterable<E>;
}

export interface WriteLogOptions<C> {
  /** Makes the state of an empty log. Absent: the log is never shortened. */
  readonly compaction?: () => C;
  /** Called with a message for the user if the log was cut short by a crash, or could not be shortened. */
  readonly say?: (line: string) => void;
}

/** Number of entries at which a new follower catches up while others wait for it, and maximum number of rounds of catching up before. */
const maxPausedEntries = 256;
const maxCatchUpRounds = 10;
/** Number of further entries after which a log that could not be shortened is tried again. */
const entriesBeforeRetry = 1000;

/** A log in files of this machine. */
export interface LocalWriteLog<E, C> extends WriteLog<E> {
  /** Names the log, over restarts and compactions. */
  readonly id: string;
  /** Position of the first entry, or of the next one if there is none. */
  readonly firstPosition: number;
  readonly bytes: number;
  /** The state after all entries. */
  readonly compaction: C | undefined;
  /** Resolves when all entries that were appended are on the disk. */
  close(): Promise<void>;
}

/** Adds a follower that applies entries one call at a time, in the order of the calls. */
export function addFollower<E>(followers: Set<ApplyEntries<E>>, apply: ApplyEntries<E>): LogFollower {
  const runInOrder = makeSerialQueue();
  let isStopped = false;
  const applyNext: ApplyEntries<E> = (entries, end) =>
    runInOrder(async () => (isStopped ? undefined : apply(entries, end)));
  followers.add(applyNext);
  return {
    async stop() {
      isStopped = true;
      followers.delete(applyNext);
      await runInOrder(async () => {});
    },
  };
}

interface PendingAppend<E> {
  readonly entries: readonly E[];
  resolve(position: number): void;
  reject(error: unknown): void;
}

/**
 * Opens a log of this machine, which nobody else may write. The function is long because all steps share the log and its followers.
 * @throws Failure `items-log`, `cannot-read`, `cannot-write`
 */
export async function openWriteLog<E, C extends LogCompaction<E>>(
  files: LogFiles,
  format: LogFormat<E>,
  { compaction: makeCompaction, say = () => {} }: WriteLogOptions<C> = {},
): Promise<LocalWriteLog<E, C>> {
  let compaction = makeCompaction?.();
  const { log: records, torn } = await openRecordLog(files, format, (entry) => compaction?.add(entry));
  if (torn) say(`${files.folder}: the last write was cut short, and nobody had an answer to it: it is dropped`);
  const followers = new Set<ApplyEntries<E>>();
  let pendingAppends: PendingAppend<E>[] = [];
  let writingTask: Promise<void> | undefined;
  let shorteningTask: Promise<void> | undefined;
  /** Position below which the log is not shortened. */
  let minEndToShorten = 0;

  /** Runs one step at a time: an append, the last step of a new follower, or the last step of shortening the log. */
  const runInTurn = makeSerialQueue();
  /** Runs while a follower catches up or the log is shortened, because positions of lines are valid only within their file. */
  const runOverLog = makeSerialQueue();

  const writePending = async (): Promise<void> => {
    while (pendingAppends.length > 0) {
      const appends = pendingAppends;
      pendingAppends = [];
      await runInTurn(() => write(appends)).catch((error: unknown) => {
        for (const { reject } of appends) reject(error);
      });
    }
    writingTask = undefined;
  };
  const write = async (appends: readonly PendingAppend<E>[]): Promise<void> => {
    const entries = appends.flatMap((pending) => pending.entries);
    await records.append(entries);
    if (compaction) entries.forEach(compaction.add);
    const { position } = records;
    const applied = Promise.all([...followers].map((apply) => apply(entries, position)));
    let endPosition = position - entries.length;
    for (const { entries: ownEntries, resolve, reject } of appends) {
      endPosition += ownEntries.length;
      const ownPosition = endPosition;
      applied.then(() => resolve(ownPosition), reject);
    }
    shortenIfLong();
  };

  const shortenIfLong = (): void => {
    if (shorteningTask || !compaction?.isWorthwhile || records.position < minEndToShorten) return;
    shorteningTask = runOverLog(shortenNow)
      .catch((error: unknown) => {
        if (!(error instanceof Failure)) throw error;
        minEndToShorten = records.position + entriesBeforeRetry;
        say(`the log of written ${format.name} was not shortened: ${error.diagnostics[0]!.message}`);
      })
      .then(() => {
        shorteningTask = undefined;
      });
  };
  const shortenNow = async (): Promise<void> => {
    const newCompaction = makeCompaction!();
    let replacement: Promise<void> | undefined;
    // Reads the current records of the log. Later ones are appended after them.
    await runInTurn(async () => {
      const { droppableEntries: dropped } = compaction!;
      replacement = records.replace(compaction!.shorten(records.read(logStart, records.end)), {
        droppedRecords: dropped,
        exclusive: (work) =>
          runInTurn(async () => {
            const result = await work();
            compaction = newCompaction;
            return result;
          }),
        onWritten: newCompaction.add,
      });
    });
    await replacement;
  };

  return {
    id: records.id,
    get firstPosition() {
      return records.position - (records.end.lines - 1) + 1;
    },
    get end() {
      return records.position;
    },
    get bytes() {
      return records.bytes;
    },
    get compaction() {
      return compaction;
    },
    append: (entries) =>
      new Promise((resolve, reject) => {
        pendingAppends.push({ entries, resolve, reject });
        writingTask ??= writePending();
      }),
    // Nobody else writes this log, and an entry is acknowledged when it is applied.
    async catchUp() {},
    follow: (from, apply) =>
      runOverLog(async () => {
        let readPosition = logStart;
        let position = records.position - Math.max(0, records.end.lines - 1);
        const remaining = compaction?.makeRemainingFilter();
        const catchUp = async (to = records.end): Promise<void> => {
          for await (const batch of records.read(readPosition, to)) {
            const entries = batch.map((entry) => remaining?.(entry) ?? (remaining ? undefined : entry));
            const firstPosition = position + 1;
            position += batch.length;
            const unappliedEntries = entries.filter(
              (entry, index): entry is E & {} => entry !== undefined && firstPosition + index > from,
            );
            if (unappliedEntries.length > 0) await apply(unappliedEntries, position);
          }
          readPosition = to;
        };
        // Most of the catching up runs while others write; they wait only for the last part.
        for (let round = 0; round < maxCatchUpRounds; round++) {
          const end = await runInTurn(async () => records.end);
          if (round > 0 && end.lines - readPosition.lines <= maxPausedEntries) break;
          await catchUp(end);
        }
        return runInTurn(async () => {
          await catchUp();
          return addFollower(followers, apply);
        });
      }),
    async close() {
      while (writingTask) await writingTask;
      await shorteningTask;
      await runInTurn(() => records.close());
    },
  };
}
