/**
 * Accepts events. Events with the same id count once, also if two processes accept them at the same time. An event without a time gets its arrival time. All
 * events of a user can be removed.
 */
import { diagnose, Failure } from '../../../base/diagnostics/diagnostic.ts';
import type { WriteLog } from '../../../base/storage/record_log/write_log.ts';
import type { EventChange, EventWrite, EventWrites, GivenEvent } from '../../live/event_writes.ts';
import { busy, refused } from '../refused.ts';
import type { EventOutcome } from '../schemas.ts';
import { type LoggedWrites, makeWriteBatches, type WriteRequest } from './batches.ts';

export interface EventIntake extends LoggedWrites<GivenEvent, EventWrites, EventOutcome, StoredEvents> {
  /** Removes the events of a user. @throws RequestError 404 for a user of whom nothing is known */
  remove(user: string): Promise<void>;
}

/** The number of events in the log, and its size. */
type StoredEvents = { readonly events: number; readonly bytes: number };

export interface EventWritesOptions extends Pick<EventIntake, 'stored'> {
  readonly log: WriteLog<readonly EventWrite[]> & { readonly id: string };
  /** Applies item writes that other servers have accepted. @throws Failure `log-server` */
  readonly catchUpItems?: (() => Promise<void>) | undefined;
  /** Called with the log position up to which all events are in data files, so the log may drop them. */
  readonly forget?: (position: number) => void;
  /** Called with a message for the user if a version cannot read an event of the log. */
  readonly say?: (line: string) => void;
  readonly now?: () => Date;
}

/** Maximum number of waiting requests. */
const maxWaiting = 4096;
/** Maximum number of events in the memory of a version: those that arrived since its data was read. They take about half a gigabyte. */
const maxInMemory = 2 ** 21;

/** Number of versions to which a rollback may return. */
const maxRollbacks = 10;

/** The function is long because all steps share the log, the versions and the known ids. */
export async function makeEventIntake({
  log,
  stored,
  catchUpItems = async () => {},
  forget = () => {},
  say = () => {},
  now = () => new Date(),
}: EventWritesOptions): Promise<EventIntake> {
  /** By event id: the log position of the first event with it. */
  const knownIds = new Map<string, number>();
  /** Events whose id an earlier entry has: two servers took them at the same time. */
  const repeatedEvents = new WeakSet<EventWrite>();
  /** Returns true if an earlier event has the same id. */
  const recordId = (write: EventWrite, position: number): boolean => {
    if (!('id' in write) || write.id === undefined) return false;
    const firstPosition = knownIds.get(write.id) ?? position;
    knownIds.set(write.id, firstPosition);
    if (firstPosition < position) repeatedEvents.add(write);
    return firstPosition < position;
  };
  const idFollower = await log.follow(0, (entries, end) => {
    for (const [index, entry] of entries.entries())
      for (const write of entry) recordId(write, end - entries.length + 1 + index);
  });

  const isKnown = (write: EventWrite): boolean => 'id' in write && write.id !== undefined && knownIds.has(write.id);
  const batches = makeWriteBatches<EventWrite, EventChange, EventWrites, EventOutcome>({
    ...{ log, isKnown, maxWaiting, what: 'events', catchUp: catchUpItems },
    refusalOf: (version, change) => version.itemError(change),
    accept(changeOf) {
      const idsOfBatch = new Set<string>();
      return ({ writes }: WriteRequest<EventWrite>) => {
        const newWrites = new Set<EventWrite>();
        for (const write of writes) {
          const id = 'id' in write ? write.id : undefined;
          if (isKnown(write) || (id !== undefined && idsOfBatch.has(id))) continue;
          if (id !== undefined) idsOfBatch.add(id);
          newWrites.add(write);
        }
        const outcomeOf = (write: EventWrite): EventOutcome => {
          if (!newWrites.has(write) || repeatedEvents.has(write)) return 'known';
          const change = changeOf(write);
          if (change && 'counts' in change && !change.counts) return 'left_out';
          const isUnknownItem = change && batches.versions.every((version) => version.isUnknownItem(change));
          if (isUnknownItem) return 'unknown_item';
          const isLate = change && batches.versions.every((version) => version.isLate(change, log.id));
          return isLate ? 'late' : 'added';
        };
        return { writes: [...newWrites], outcomes: () => writes.map(outcomeOf) };
      };
    },
  });

  const apply = async (
    version: EventWrites,
    entries: readonly (readonly EventWrite[])[],
    end: number,
  ): Promise<void> => {
    const firstPosition = end - entries.length + 1;
    const newWrites = entries.map((entry, index) => entry.filter((write) => !recordId(write, firstPosition + index)));
    const changes = (await batches.changesOf(version, newWrites.flat())).values();
    for (const [index, writes] of newWrites.entries()) {
      const shown: EventChange[] = [];
      for (const change of writes.map(() => changes.next().value!)) {
        if (change instanceof Failure)
          say(`an event of the log is left out of this model: ${change.diagnostics[0]!.message}`);
        else shown.push(change);
      }
      version.show(shown, { log: log.id, position: firstPosition + index });
    }
  };
  /**
   * For each of the last 10 versions: the log position up to which its data files contain the events. The log keeps everything after the lowest, because a
   * rollback may need it.
   */
  const positionsInDataFiles: number[] = [];
  const timeAt = (moment: Date): GivenEvent['time'] => batches.versions[0]?.reader.timeOf(moment);

  return {
    stored,
    async write(events, isArray) {
      const inMemory = batches.versions.reduce((most, { userEvents }) => Math.max(most, userEvents.count), 0);
      if (inMemory >= maxInMemory) {
        const count = inMemory.toLocaleString('en');
        throw busy(`${count} events are later than the data of the model, which should be trained again`);
      }
      const time = timeAt(now());
      return batches.write({ writes: events.map((event) => ({ time, ...event })), isArray });
    },
    async remove(user) {
      const isThere = (): boolean => batches.versions.some((version) => version.knows(user));
      if (!isThere()) await log.catchUp();
      if (!isThere()) {
        const facts = { what: 'user', name: user, advice: 'give the key of a user of whom events are known' };
        throw refused(404, diagnose('unknown-name', undefined, facts));
      }
      const moment = now();
      const time = timeAt(moment);
      const until = typeof time === 'string' ? moment.getTime() / 1000 : time;
      await log.append([[{ user, deleted: true, until }]]);
    },
    async attach(version) {
      await batches.attach(version, (entries, end) => apply(version, entries, end));
      positionsInDataFiles.push(version.positionsInDataFiles.get(log.id) ?? 0);
      if (positionsInDataFiles.length > maxRollbacks) positionsInDataFiles.shift();
      forget(positionsInDataFiles.reduce((least, position) => Math.min(least, position)));
    },
    detach: batches.detach,
    async close() {
      await batches.close();
      await idFollower.stop();
    },
  };
}
