/**
 * The format of the log of events, and which of its entries are left out when it is shortened. Remaining entries keep their positions, which data files also
 * name.
 */
import type { LogFormat } from '../../../base/storage/record_log/record_log.ts';
import type { LogCompaction } from '../../../base/storage/record_log/write_log.ts';
import { isObject } from '../../../base/util/objects.ts';
import type { EventWrite, UserDeletion } from '../../live/event_writes.ts';
import { maxKeyLength } from '../limits.ts';

/** Its records come from a file, so they are validated. */
export const eventLog: LogFormat<readonly EventWrite[]> = {
  name: 'events',
  version: 1,
  decode(value) {
    if (!Array.isArray(value)) return { reason: 'it is no list of events' };
    return value.every(isWrite) ? { record: value } : { reason: 'it has something else than events' };
  },
};

/** In a shared log, the deletion of a user removes the earlier events of the user at once. */
export const eventReplacement = {
  subjectOf: ({ user }: EventWrite): string => user,
  replaces: (write: EventWrite): boolean => 'deleted' in write,
  removedAfter: 1,
};

const isKey = (value: unknown): boolean => typeof value === 'string' && value.length <= maxKeyLength;

function isWrite(value: unknown): value is EventWrite {
  if (!isObject(value) || !isKey(value.user)) return false;
  if (value.deleted !== undefined) return isDeletion(value);
  const { user: _, item, time, id, request, columns, ...others } = value;
  const isTime = time === undefined || typeof time === 'string' || Number.isFinite(time);
  const areIds = [id, request].every((identifier) => identifier === undefined || isKey(identifier));
  return isKey(item) && isTime && areIds && isObject(columns) && Object.keys(others).length === 0;
}

function isDeletion({ user: _, deleted, until, cleared, ...others }: Readonly<Record<string, unknown>>): boolean {
  const isUntil = until === undefined || Number.isFinite(until);
  return deleted === true && isUntil && (cleared === undefined || cleared === true) && Object.keys(others).length === 0;
}

export interface EventCompaction extends LogCompaction<readonly EventWrite[]> {
  /** Number of events in the log. */
  readonly events: number;
  /** The first `entries` entries of the file may go at the next compaction. A total, not in addition. */
  forget(entries: number): void;
}

/** The log is compacted once this many entries are also in data files. */
const minDroppableEntries = 10_000;

/**
 * Drops the events of deleted users from the log, as soon as a user is deleted, and leading entries that are in data files. Remaining entries keep their
 * positions.
 */
export function makeEventCompaction(): EventCompaction {
  /** By deleted user: the number of writes before the deletion. */
  const deletions = new Map<string, number>();
  let [count, deletionCount, pendingDeletions, droppableEntries] = [0, 0, 0, 0];
  const isGone = ({ user }: EventWrite, position: number): boolean => position < (deletions.get(user) ?? 0);
  const compaction: EventCompaction = {
    get events() {
      return count - deletionCount;
    },
    get droppableEntries() {
      return droppableEntries;
    },
    get isWorthwhile() {
      return pendingDeletions > 0 || droppableEntries >= minDroppableEntries;
    },
    forget(entries) {
      droppableEntries = Math.max(droppableEntries, entries);
    },
    add(entry) {
      for (const write of entry) {
        if ('deleted' in write) {
          deletions.set(write.user, count);
          deletionCount++;
          if (!write.cleared) pendingDeletions++;
        }
        count++;
      }
    },
    makeRemainingFilter() {
      let position = 0;
      return (entry) => entry.filter((write) => !isGone(write, position++));
    },
    async *shorten(entries) {
      const remaining = compaction.makeRemainingFilter();
      let toDrop = droppableEntries;
      const clear = (write: EventWrite): EventWrite =>
        'deleted' in write ? ({ ...write, cleared: true } satisfies UserDeletion) : write;
      for await (const batch of entries) {
        for (const entry of batch) {
          const remainingWrites = remaining(entry)!;
          if (toDrop > 0) toDrop--;
          else yield remainingWrites.map(clear);
        }
      }
    },
  };
  return compaction;
}
