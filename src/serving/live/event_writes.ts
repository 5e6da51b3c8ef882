/** Writes events for one trained model. Reading and showing are separate steps, so that a log can be written in between, and several models can show them. */
import { Failure } from '../../base/diagnostics/diagnostic.ts';
import { makeSerialQueue } from '../../base/util/objects.ts';
import { type EventReader, type GivenEvent, type ReadEvent, writtenError } from '../../data/written/fields.ts';
import type { Snapshot } from '../../retrieval/snapshot.ts';
import type { UserEvents } from './user_events.ts';

export type { GivenEvent };

/** An event, or the deletion of all events of a user up to a time. */
export type EventWrite = GivenEvent | UserDeletion;

export interface UserDeletion {
  readonly user: string;
  readonly deleted: true;
  /** The time of the deletion, in the unit of `Dataset.knownUntil`. Absent if the data has another unit than seconds. */
  readonly until?: number;
  /** True if the log no longer has the earlier events of the user. */
  readonly cleared?: true;
}

export type EventChange = ReadEvent | UserDeletion;

export interface EventWrites {
  readonly reader: EventReader;
  readonly userEvents: UserEvents;
  readonly positionsInDataFiles: ReadonlyMap<string, number>;
  /** Reads writes. An invalid one gives its Failure: `unknown-name`, `event-value`. */
  prepare(writes: readonly EventWrite[]): Promise<(EventChange | Failure)[]>;
  /** Returns the error of an event whose item does not exist, if the items have a file. */
  itemError(change: EventChange): Failure | undefined;
  /** True if the model has no such item, so that no answer shows the event. */
  isUnknownItem(change: EventChange): boolean;
  /** True if the files of the data may have the event already, so that no answer shows it before the next training. */
  isLate(change: EventChange, log: string): boolean;
  /** True if some event of the user is known. */
  knows(user: string): boolean;
  /**
   * All writes become visible together, in their order. An event is left out if the data has it: if its files have this entry of the log, or, if they have
   * none of the log, if the event is not later than the data and the data has its user.
   */
  show(changes: readonly EventChange[], entry: { readonly log: string; readonly position: number }): void;
  close(): void;
}

interface EventWritesSource {
  readonly reader: EventReader;
  readonly userEvents: UserEvents;
  /** Has the current items. */
  readonly live: { readonly snapshot: Snapshot };
  readonly base: Snapshot;
  /** Time of the last event of the data. */
  readonly knownUntil?: number;
  /** By log, the position up to which the files of the data have its entries. */
  readonly positionsInDataFiles?: ReadonlyMap<string, number>;
}

export function makeEventWrites({
  reader,
  userEvents,
  live,
  base,
  knownUntil = Number.NEGATIVE_INFINITY,
  positionsInDataFiles = new Map(),
}: EventWritesSource): EventWrites {
  /** Events are read by one query at a time: entries of other processes arrive while this one validates its own. */
  const inTurn = makeSerialQueue();
  const isUnknownItem = (change: EventChange): boolean =>
    !('deleted' in change) && live.snapshot.itemRow(change.item) < 0;
  const isLate = (change: EventChange, log: string): boolean =>
    !('deleted' in change) &&
    !positionsInDataFiles.has(log) &&
    change.time <= knownUntil &&
    base.userRow(change.user) >= 0;
  return {
    reader,
    userEvents,
    positionsInDataFiles,
    prepare: (writes) =>
      inTurn(async () => {
        const givenEvents = writes.filter((write): write is GivenEvent => !('deleted' in write));
        const nextEvent = (await reader.read(givenEvents, base.corpusRow)).values();
        return writes.map((write) => ('deleted' in write ? write : nextEvent.next().value!));
      }),
    isUnknownItem,
    itemError(change) {
      if (!reader.hasItemsFile || !isUnknownItem(change)) return undefined;
      const reason = 'is the key of no item';
      return new Failure([writtenError('event', 'item', reason, 'write the item first: `PUT /v1/items/{key}`')]);
    },
    isLate,
    knows: (user) => (userEvents.laterEventsOf(user)?.items.length ?? 0) > 0 || base.userRow(user) >= 0,
    show(changes, { log, position }) {
      const through = positionsInDataFiles.get(log);
      const isLater = (change: ReadEvent): boolean =>
        change.counts && (through === undefined ? !isLate(change, log) : position > through);
      let pending: ReadEvent[] = [];
      for (const change of changes) {
        if (!('deleted' in change)) {
          if (isLater(change)) pending.push(change);
          continue;
        }
        userEvents.add(pending);
        pending = [];
        // Data with later events was read after the deletion: it has what its owner wants it to have.
        userEvents.remove(change.user, (change.until ?? Number.POSITIVE_INFINITY) >= knownUntil);
      }
      userEvents.add(pending);
    },
    close: reader.close,
  };
}
