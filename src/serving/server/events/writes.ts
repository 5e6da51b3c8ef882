/**
 * Takes events over HTTP: an event is read for every version, then on the disk, then in the inputs of its user, and then acknowledged. Events that arrive during a
 * batch form the next one, so the disk is synced once for all of them.
 */
import { diagnose } from '../../../base/diagnostics/diagnose.ts';
import { Failure } from '../../../base/diagnostics/failure.ts';
import type { LogFormat } from '../../../base/storage/record_log/record_log.ts';
import type { LogCompaction, LogFollower, WriteLog } from '../../../base/storage/record_log/write_log.ts';
import { defined, isObject } from '../../../base/util/defined.ts';
import type { EventChange, EventWrite, EventWrites, GivenEvent, UserDeletion } from '../../serve/live/event_writes.ts';
import { maxErrors } from '../body.ts';
import { longestKey } from '../limits.ts';
import { busy, errorDetailsOf, pointer, RequestError, refused } from '../refused.ts';
import type { ErrorDetail, EventOutcome } from '../schemas.ts';

export interface WritesOfEvents {
  /**
   * Accepts all events or none. Resolves when they are on the disk, and in every later answer.
   * @throws RequestError 400 with the errors of each event, 503; Failure `cannot-write`
   */
  write(events: readonly GivenEvent[], isArray: boolean): Promise<readonly EventOutcome[]>;
  /** Removes the events of a user. @throws RequestError 404 for a user of whom nothing is known */
  remove(user: string): Promise<void>;
  /** Applies all earlier writes to a version, and subscribes it to later ones. */
  attach(version: EventWrites): Promise<void>;
  /** Unsubscribes a version. Resolves when the version computes nothing more; it must not be closed before. */
  detach(version: EventWrites): Promise<void>;
  /** Absent: another process has the log. */
  readonly stored?: () => StoredEvents;
  /** Resolves when all events that have arrived are on the disk. */
  close(): Promise<void>;
}

interface StoredEvents {
  /** Number of events in the log. */
  readonly events: number;
  /** Size of the log. */
  readonly bytes: number;
}

export interface EventWritesOptions extends Pick<WritesOfEvents, 'stored'> {
  readonly log: WriteLog<readonly EventWrite[]> & { readonly id: string };
  /** Forgets the events up to a position, which files have. */
  readonly forget?: (position: number) => void;
  /** Called with a message for the user if a version cannot read an event of the log. */
  readonly say?: (line: string) => void;
  readonly now?: () => Date;
}

/** Maximum number of events in one batch, which is one entry of the log. */
const mostTogether = 512;
/** Maximum number of waiting requests. Further ones are refused. */
const mostWaiting = 4096;
/** Maximum number of events in the memory of a version: those that arrived since its data was read. They take about half a gigabyte. */
const mostInMemory = 2 ** 21;

/** Number of versions to which a rollback may return. */
const mostRollbacks = 10;

interface WaitingEvents {
  readonly events: readonly GivenEvent[];
  readonly isArray: boolean;
  resolve(outcomes: readonly EventOutcome[]): void;
  reject(error: unknown): void;
}

/** The function is long because all steps share the log, the versions and the known ids. */
export async function makeWritesOfEvents({
  log,
  stored,
  forget = () => {},
  say = () => {},
  now = () => new Date(),
}: EventWritesOptions): Promise<WritesOfEvents> {
  const versions = new Map<EventWrites, LogFollower>();
  /** Position of the first event that has an id. */
  const knownIds = new Map<string, number>();
  /** Events whose id an earlier entry has: two servers took them at the same time. */
  const repeatedEvents = new WeakSet<EventWrite>();
  /** Changes that were read to validate a write, by version. */
  const preparedChanges = new WeakMap<EventWrite, ReadonlyMap<EventWrites, EventChange>>();
  let waitingEvents: WaitingEvents[] = [];
  let running: Promise<void> | undefined;

  const isRepeated = (write: EventWrite, position: number): boolean => {
    if (!('id' in write) || write.id === undefined) return false;
    const first = knownIds.get(write.id) ?? position;
    knownIds.set(write.id, first);
    if (first < position) repeatedEvents.add(write);
    return first < position;
  };
  const idFollower = await log.follow(0, (entries, end) => {
    for (const [at, entry] of entries.entries())
      for (const write of entry) isRepeated(write, end - entries.length + 1 + at);
  });

  const runBatches = async (): Promise<void> => {
    while (waitingEvents.length > 0) {
      let count = 0;
      let taken = 0;
      for (; taken < waitingEvents.length && (taken === 0 || count < mostTogether); taken++)
        count += waitingEvents[taken]!.events.length;
      const batch = waitingEvents.slice(0, taken);
      waitingEvents = waitingEvents.slice(taken);
      await commit(batch).catch((error: unknown) => {
        for (const { reject } of batch) reject(error);
      });
    }
    running = undefined;
  };

  const commit = async (batch: readonly WaitingEvents[]): Promise<void> => {
    const writers = [...versions.keys()];
    const time = writers[0]?.reader.timeOf(now());
    const timed = batch.map(({ events }) => events.map((event) => ({ ...defined({ time }), ...event })));
    const newEvents = timed.flat().filter(({ id }) => id === undefined || !knownIds.has(id));
    const prepared = await Promise.all(
      writers.map(async (version) => {
        const changes = await version.prepare(newEvents);
        return changes.map((change) => (change instanceof Failure ? change : (version.itemError(change) ?? change)));
      }),
    );
    const positions = new Map(newEvents.map((event, at) => [event, at]));
    const accepted: {
      readonly each: WaitingEvents;
      readonly events: readonly GivenEvent[];
      readonly outcomes: readonly EventOutcome[];
    }[] = [];
    const acceptedPositions: number[] = [];
    const idsOfBatch = new Set<string>();
    for (const [index, each] of batch.entries()) {
      const ownIds = new Set<string>();
      const ownPositions: number[] = [];
      const errors: ErrorDetail[] = [];
      const outcomes = timed[index]!.map((event, i): EventOutcome => {
        const { id } = event;
        const position = positions.get(event);
        if (position === undefined || (id !== undefined && (idsOfBatch.has(id) || ownIds.has(id)))) return 'known';
        if (id !== undefined) ownIds.add(id);
        const failed = prepared.find((changes) => changes[position] instanceof Failure)?.[position];
        if (failed instanceof Failure) {
          const details = errorDetailsOf(failed)!;
          errors.push(...details.map((detail) => (each.isArray ? { ...detail, at: pointer(i) + detail.at } : detail)));
          return 'known';
        }
        ownPositions.push(position);
        const change = prepared[0]?.[position];
        return change !== undefined && 'counts' in change && !change.counts ? 'left_out' : 'added';
      });
      if (errors.length > 0) {
        each.reject(new RequestError(400, errors.slice(0, maxErrors)));
        continue;
      }
      for (const id of ownIds) idsOfBatch.add(id);
      accepted.push({ each, events: timed[index]!, outcomes });
      acceptedPositions.push(...ownPositions);
    }
    if (acceptedPositions.length > 0) {
      const entry = acceptedPositions.map((at): EventWrite => newEvents[at]!);
      for (const at of acceptedPositions) {
        const changes = writers.map((version, i) => [version, prepared[i]![at] as EventChange] as const);
        preparedChanges.set(newEvents[at]!, new Map(changes));
      }
      await log.append([entry]);
    }
    for (const { each, events, outcomes } of accepted)
      each.resolve(outcomes.map((outcome, i) => (repeatedEvents.has(events[i]!) ? 'known' : outcome)));
  };

  /** Applies entries of the log to a version. Those of this process are prepared; those of others were valid for the versions of their process. */
  const apply = async (
    version: EventWrites,
    entries: readonly (readonly EventWrite[])[],
    end: number,
  ): Promise<void> => {
    const firstPosition = end - entries.length + 1;
    const newWrites = entries.map((entry, at) => entry.filter((write) => !isRepeated(write, firstPosition + at)));
    const others = newWrites.flat().filter((write) => !preparedChanges.get(write)?.has(version));
    const otherChanges = others.length > 0 ? (await version.prepare(others)).values() : [].values();
    for (const [at, writes] of newWrites.entries()) {
      const changes = writes.map((write) => preparedChanges.get(write)?.get(version) ?? otherChanges.next().value!);
      for (const change of changes)
        if (change instanceof Failure)
          say(`an event of the log is left out of this model: ${change.diagnostics[0]!.message}`);
      version.show(
        changes.filter((change): change is EventChange => !(change instanceof Failure)),
        { log: log.id, position: firstPosition + at },
      );
    }
  };
  /** Positions up to which the data of the latest versions has the events. A rollback may load the first of them again. */
  const filedPositions: number[] = [];

  return {
    ...defined({ stored }),
    write(events, isArray) {
      if (waitingEvents.length >= mostWaiting) {
        return Promise.reject(busy(`${waitingEvents.length.toLocaleString('en')} requests with events are waiting`));
      }
      const inMemory = Math.max(0, ...[...versions.keys()].map(({ userEvents }) => userEvents.count));
      if (inMemory >= mostInMemory) {
        const count = inMemory.toLocaleString('en');
        return Promise.reject(
          busy(`${count} events are later than the data of the model, which should be trained again`),
        );
      }
      return new Promise((resolve, reject) => {
        waitingEvents.push({ events, isArray, resolve, reject });
        running ??= runBatches();
      });
    },
    async remove(user) {
      if (![...versions.keys()].some((version) => version.knows(user))) {
        const facts = { what: 'user', name: user, advice: 'give the key of a user of whom events are known' };
        throw refused(404, diagnose('unknown-name', undefined, facts));
      }
      const moment = now();
      const time = [...versions.keys()][0]!.reader.timeOf(moment);
      const until = typeof time === 'string' ? moment.getTime() / 1000 : time;
      await log.append([[{ user, deleted: true, ...defined({ until }) }]]);
    },
    async attach(version) {
      versions.set(version, await log.follow(0, (entries, end) => apply(version, entries, end)));
      filedPositions.push(version.filed.get(log.id) ?? 0);
      if (filedPositions.length > mostRollbacks) filedPositions.shift();
      forget(Math.min(...filedPositions));
    },
    async detach(version) {
      const follower = versions.get(version);
      versions.delete(version);
      // A batch that has begun also reads its events for this version.
      await running;
      await follower?.stop();
    },
    async close() {
      await running;
      await idFollower.stop();
    },
  };
}

/**
 * Returns a log that leaves out events whose id it has, for several processes that append: each validates events before it knows those that another is
 * appending.
 */
export async function withoutKnown(log: WriteLog<readonly EventWrite[]>): Promise<WriteLog<readonly EventWrite[]>> {
  const knownIds = new Set<string>();
  const idOf = (write: EventWrite): string | undefined => ('id' in write ? write.id : undefined);
  await log.follow(0, (entries) => {
    for (const id of entries.flat().map(idOf)) if (id !== undefined) knownIds.add(id);
  });
  /** Ids of events that are being appended. */
  const pendingIds = new Set<string>();
  return {
    get end() {
      return log.end;
    },
    follow: log.follow,
    async append(entries) {
      const ownIds: string[] = [];
      const newEntries = entries.map((entry) => {
        const newWrites = entry.filter((write) => {
          const id = idOf(write);
          if (id === undefined) return true;
          if (knownIds.has(id) || pendingIds.has(id)) return false;
          pendingIds.add(id);
          ownIds.push(id);
          return true;
        });
        return newWrites.length === entry.length ? entry : newWrites;
      });
      try {
        return await log.append(newEntries);
      } finally {
        for (const id of ownIds) pendingIds.delete(id);
      }
    },
  };
}

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

const isKey = (value: unknown): boolean => typeof value === 'string' && value.length <= longestKey;

function isWrite(value: unknown): value is EventWrite {
  if (!isObject(value) || !isKey(value.user)) return false;
  if (value.deleted !== undefined) return isDeletion(value);
  const { user: _, item, time, id, request, columns, ...others } = value;
  const isTime = time === undefined || typeof time === 'string' || Number.isFinite(time);
  const areIds = [id, request].every((each) => each === undefined || isKey(each));
  return isKey(item) && isTime && areIds && isObject(columns) && Object.keys(others).length === 0;
}

function isDeletion({ user: _, deleted, until, cleared, ...others }: Readonly<Record<string, unknown>>): boolean {
  const isUntil = until === undefined || Number.isFinite(until);
  return deleted === true && isUntil && (cleared === undefined || cleared === true) && Object.keys(others).length === 0;
}

export interface EventCompaction extends LogCompaction<readonly EventWrite[]> {
  /** Number of events in the log. */
  readonly events: number;
  /** Drops so many leading entries when the log is shortened next. */
  forget(entries: number): void;
}

/** Number of entries that files have at which they are dropped from the log. */
const manyFiled = 10_000;

/**
 * Drops the events of deleted users from the log, as soon as a user is deleted, and leading entries that files have. Other entries keep their positions, by which
 * files and the log are compared.
 */
export function makeEventCompaction(): EventCompaction {
  /** By deleted user: the number of writes before the deletion. */
  const deletions = new Map<string, number>();
  let [count, deletionCount, pendingDeletions, dropped] = [0, 0, 0, 0];
  const isGone = ({ user }: EventWrite, position: number): boolean => position < (deletions.get(user) ?? 0);
  const compaction: EventCompaction = {
    get events() {
      return count - deletionCount;
    },
    get dropped() {
      return dropped;
    },
    get isWorthwhile() {
      return pendingDeletions > 0 || dropped >= manyFiled;
    },
    forget(entries) {
      dropped = Math.max(dropped, entries);
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
    remaining() {
      let position = 0;
      return (entry) => entry.filter((write) => !isGone(write, position++));
    },
    async *shortened(entries) {
      const remaining = compaction.remaining();
      let toDrop = dropped;
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
