/**
 * The events of users that arrived after the data of a model was read. A user's features are those of the data with these events added: each history ends with
 * them, and a feature that comes from events has the value of the last one. So a request has the same columns as if the files had the events.
 */
import type { IndexedColumn } from '../../data/dataset.ts';
import type { ReadEvent } from '../../data/written/fields.ts';
import { madeOf } from '../../graph/plan/plan.ts';
import type { LaterEvents, QueryData, QueryModel } from '../../retrieval/prepare.ts';
import { type FeatureRow, isEmptyBag, joinRows, lastElements } from '../../retrieval/query_answerer.ts';
import { queryColumns, withMadeFeatures } from '../../retrieval/query_columns.ts';

export interface UserEvents {
  /** Returns undefined for a user of whom there is no later event. */
  laterEventsOf(user: string): LaterEvents | undefined;
  /** Adds events that count. */
  add(events: readonly ReadEvent[]): void;
  /** Removes the events of a user. @param hidesData true if answers must also not know the user's events of the data */
  remove(user: string, hidesData: boolean): void;
  readonly count: number;
  /** Time of the latest event, in the unit of `Dataset.knownUntil`. */
  readonly until: number | undefined;
  /** Returns at most `limit` users with later events whose keys begin with a text, with the number of these events. */
  usersWith(prefix: string, limit: number): readonly { readonly key: string; readonly events: number }[];
}

interface StoredEvent extends FeatureRow {
  columns: FeatureRow['columns'];
  row: number;
  readonly item: string;
  readonly time: number;
}

interface StoredUser {
  readonly hidesData: boolean;
  readonly events: StoredEvent[];
  /** What `laterEventsOf` returned since the last event. */
  later?: LaterEvents;
}

/** Number of events whose columns are joined, because columns of one row each take many times the memory of their values. */
const maxLooseEvents = 256;

export function makeUserEvents(model: QueryModel, data: QueryData): UserEvents {
  const users = new Map<string, StoredUser>();
  /** Events whose columns are not joined yet. */
  let looseEvents: StoredEvent[] = [];
  let count = 0;
  let until: number | undefined;

  const joinLoose = (): void => {
    const columns = joinRows(looseEvents);
    for (const [row, event] of looseEvents.entries()) Object.assign(event, { columns, row });
    looseEvents = [];
  };

  return {
    laterEventsOf(user) {
      const stored = users.get(user);
      if (stored === undefined) return undefined;
      const { events, hidesData } = stored;
      return (stored.later ??= {
        hidesData,
        items: events.map(({ item }) => item),
        columns: (row) => columnsAfter(events, user, hidesData ? undefined : row, model, data),
      });
    },
    add(events) {
      for (const { user, item, time, columns, row } of events) {
        const stored = users.get(user) ?? { hidesData: false, events: [] };
        users.set(user, stored);
        delete stored.later;
        const event: StoredEvent = { item, time, columns, row };
        // Nearly always the last one. Events with equal times keep the order of their arrival.
        let index = stored.events.length;
        while (index > 0 && stored.events[index - 1]!.time > time) index--;
        stored.events.splice(index, 0, event);
        looseEvents.push(event);
        count++;
        until = Math.max(until ?? time, time);
      }
      if (looseEvents.length >= maxLooseEvents) joinLoose();
    },
    remove(user, hidesData) {
      const stored = users.get(user);
      count -= stored?.events.length ?? 0;
      const removed = new Set(stored?.events);
      looseEvents = looseEvents.filter((event) => !removed.has(event));
      if (hidesData) users.set(user, { hidesData, events: [] });
      else users.delete(user);
      until = undefined;
      for (const { events } of users.values()) {
        const latest = events.at(-1)?.time;
        if (latest !== undefined) until = Math.max(until ?? latest, latest);
      }
    },
    get count() {
      return count;
    },
    get until() {
      return until;
    },
    usersWith(prefix, limit) {
      const foundUsers: { key: string; events: number }[] = [];
      for (const [key, { events }] of users) {
        if (foundUsers.length === limit) break;
        if (events.length > 0 && key.startsWith(prefix)) foundUsers.push({ key, events: events.length });
      }
      return foundUsers;
    },
  };
}

/** @param row of the user in the data; undefined if nothing of the data is known */
function columnsAfter(
  events: readonly StoredEvent[],
  user: string,
  row: number | undefined,
  { plan, encodings }: QueryModel,
  { users, histories }: QueryData,
): ReadonlyMap<string, IndexedColumn> {
  const [tower] = plan.towers;
  const base = row === undefined ? undefined : { columns: users.features, row };
  const values = base ? {} : { [tower.key!]: user };
  const before = queryColumns(plan, tower, encodings, values, { histories, base });
  const columns = new Map<string, IndexedColumn>(before);
  const lastEvent = events.at(-1);
  for (const feature of plan.features) {
    const { name } = feature;
    if (!before.has(name) || madeOf(feature).length > 0) continue;
    const list = feature.along ?? name;
    const maxLength = histories.get(list);
    if (histories.has(name) && maxLength !== undefined) {
      const added = lastWith(events, list, maxLength);
      columns.set(name, lastElements(name, [{ columns: before, row: 0 }, ...added], maxLength));
    } else if (lastEvent?.columns.has(name)) {
      const { column, index } = lastEvent.columns.get(name)!;
      columns.set(name, { column, index: Int32Array.of(index ? index[lastEvent.row]! : lastEvent.row) });
    }
  }
  return withMadeFeatures(columns, 1, tower, { plan, encodings });
}

/** Returns the last events that have an element in a history, at most `maxCount`, in their order. */
function lastWith(events: readonly StoredEvent[], list: string, maxCount: number): readonly StoredEvent[] {
  const found: StoredEvent[] = [];
  for (let index = events.length - 1; index >= 0 && found.length < maxCount; index--) {
    if (!isEmptyBag(list, events[index]!)) found.push(events[index]!);
  }
  return found.reverse();
}
