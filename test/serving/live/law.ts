/** The law of events: the inputs of a user after some events are those that a reading of files with the same events gives, bit for bit. */
import { expect } from 'vitest';
import type { BagColumn, Dataset, IndexedColumn } from '../../../src/data/dataset.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { openEventReader } from '../../../src/data/written/event_reader.ts';
import type { GivenEvent, ReadEvent } from '../../../src/data/written/fields.ts';
import type { DataDescription } from '../../../src/graph/plan/data_description.ts';
import { type FeaturePlan, madeOf, type Plan } from '../../../src/graph/plan/plan.ts';
import { makeUserEvents } from '../../../src/serving/live/user_events.ts';
import { valueAt, weightsAt } from '../../data/fixture.ts';

export interface EventsOfSet {
  readonly before: DataDescription;
  /** The same with the later events. */
  readonly after: DataDescription;
  readonly events: readonly GivenEvent[];
  /** Reads `before`. Default: into memory. */
  readonly readBefore?: (plan: Plan) => Promise<Dataset>;
  /** True to compare each later event, as the request that comes just before it, with its training row. */
  readonly eachEvent?: boolean;
}

/** @returns number of inputs that were compared: those after all events, and those before each of them */
export async function expectSameInputs(plan: Plan, set: EventsOfSet): Promise<{ after: number; before: number }> {
  const { before, after, events } = set;
  const known = await (set.readBefore?.(plan) ?? readDataset(before, plan));
  const { encodings } = known;
  const all = await readDataset(after, plan, { pinned: { encodings } as never });
  const reader = await openEventReader(before, plan, encodings, known);
  const later = makeUserEvents({ plan, encodings }, known);
  const knownRows = rowsOf(known.corpus.keys);
  const userRows = rowsOf(known.users.keys);
  const inputOf = makeInputs(known, all);
  const trainingRows = set.eachEvent ? makeTrainingRows(all, known) : undefined;
  const compared = { after: 0, before: 0 };
  const middle = events.length >> 1;
  for (const batch of [events.slice(0, 3), events.slice(3, 4), events.slice(4, middle), events.slice(middle)]) {
    for (const read of await reader.read(batch, (key) => knownRows.get(key) ?? -1)) {
      if (read instanceof Error) throw read;
      if (!read.counts) continue;
      if (trainingRows) compared.before += compareWithTraining(read, trainingRows);
      later.add([read]);
    }
  }
  reader.close();

  function compareWithTraining(read: ReadEvent, rowOf: ReturnType<typeof makeTrainingRows>): number {
    const own = later.laterEventsOf(read.user);
    const { row, isLater } = rowOf(read);
    // Training does not show an event those of the same time. A request comes after them.
    if (own === undefined || !isLater) return 0;
    const columns = own.columns(userRows.get(read.user));
    const names = plan.towers[0].features.filter((name) => isBefore(name, plan, known));
    for (const name of names) {
      const where = `${name} before the event of ${read.user} with ${read.item}`;
      const training = inputOf(all.parts.train.features.get(name)!, row, 'all');
      expect(inputOf(columns.get(name)!, 0, 'known'), where).toEqual(training);
    }
    return names.length;
  }

  for (const [user, row] of rowsOf(all.users.keys)) {
    const own = later.laterEventsOf(user);
    if (own === undefined) continue;
    const columns = own.columns(userRows.get(user));
    for (const name of plan.towers[0].features) {
      const whole = inputOf(all.users.features.get(name)!, row, 'all');
      expect(inputOf(columns.get(name)!, 0, 'known'), `${name} of ${user}`).toEqual(whole);
      compared.after++;
    }
    const had = valueAt({ column: all.users.had }, row) as number[];
    const earlier = userRows.has(user) ? (valueAt({ column: known.users.had }, userRows.get(user)!) as number[]) : [];
    expect([...earlier.map((at) => known.corpus.keys.at(at)), ...own.items]).toEqual(
      had.map((at) => all.corpus.keys.at(at)),
    );
  }
  return compared;
}

export const rowsOf = (keys: Dataset['corpus']['keys']): Map<string, number> =>
  new Map(Array.from({ length: keys.length }, (_, row) => [keys.at(row)!, row]));

/** True for a feature that an event has before it happens: a history and what is made of it, and all that is in the file of users. */
function isBefore(name: string, plan: Plan, { users }: Dataset): boolean {
  const feature = plan.features.find((each) => each.name === name) as FeaturePlan;
  const parts = madeOf(feature);
  return parts.length > 0
    ? parts.every((part) => isBefore(part, plan, { users } as Dataset))
    : !users.asOfLastEvent!.includes(name);
}

/** Returns what a row of a column says. Rows of items are given by their keys, as two data sets may number items in different orders. */
function makeInputs(known: Dataset, all: Dataset) {
  const knownItems = rowsOf(known.corpus.keys);
  return (column: IndexedColumn, row: number, from: 'known' | 'all'): unknown => {
    const { items, starts, ends } = column.column as BagColumn;
    const at = column.index ? column.index[row]! : row;
    const { keys } = (from === 'known' ? known : all).corpus;
    const keyOf = (item: number): string | undefined => {
      const key = item < 0 ? undefined : keys.at(item);
      return key !== undefined && knownItems.has(key) ? key : undefined;
    };
    return [
      valueAt(column, row),
      weightsAt(column, row),
      items && Array.from(items.subarray(starts[at], ends[at]), keyOf),
    ];
  };
}

/** Returns a function that finds the training row of the next later event of a user. */
function makeTrainingRows(all: Dataset, known: Dataset) {
  const { user, rows } = all.parts.train;
  const rowsOfUser = new Map<string, number[]>();
  for (let row = 0; row < rows; row++) {
    const key = all.users.keys.at(user[row]!)!;
    const own = rowsOfUser.get(key) ?? [];
    rowsOfUser.set(key, own);
    own.push(row);
  }
  const knownCount = new Map(
    Array.from({ length: known.users.rows }, (_, row) => {
      const { starts, ends } = known.users.had;
      return [known.users.keys.at(row)!, ends[row]! - starts[row]!];
    }),
  );
  const lastTime = new Map<string, number>();
  return ({ user: key, time }: ReadEvent): { readonly row: number; readonly isLater: boolean } => {
    const count = knownCount.get(key) ?? 0;
    knownCount.set(key, count + 1);
    const isLater = time > (lastTime.get(key) ?? Number.NEGATIVE_INFINITY);
    lastTime.set(key, time);
    return { row: rowsOfUser.get(key)![count]!, isLater };
  };
}
