/** Law: events that a page keeps give a new user the inputs that the same events give on the server, bit for bit. */
import { expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import type { BagColumn } from '../../../src/data/dataset.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { openEventReader } from '../../../src/data/written/event_reader.ts';
import type { EventSource, GivenEvent } from '../../../src/data/written/fields.ts';
import { queryColumns } from '../../../src/retrieval/query_columns.ts';
import type { PublicServable } from '../../../src/retrieval/servable.ts';
import { makeUserEvents } from '../../../src/serving/live/user_events.ts';
import { type PageEvent, valuesOfEvents } from '../../../src/serving/runtime/page_events.ts';
import { planOf } from '../../compiler/library/support.ts';
import { describeData, failureOf, folderWith, valueAt, weightsAt } from '../../data/fixture.ts';
import { rowsOf } from '../live/law.ts';

const plan = planOf(`
  model m
  features {
    user    : id(dim: 2)
    history : list(item, max: 4, pool: none)
    rated   : list(item, max: 3, weights: stars)
    devices : along(history, category(dim: 2))
    latest  : last(history)
    device  : category(dim: 2)
    given   : number(log, dim: 2)
    hour    : time(hour, dim: 2)
    item    : id(dim: 2)
  }
  group past = history, devices
  group profile = user, rated, latest, device, given, hour
  tower asks(past, profile) keyed by user {
    pooled = sum(past) -> mean
    channel main = concat(profile, pooled) -> dense(2)
  }
  tower answers(item) keyed by item { channel main = item -> dense(2) }
  task watch { score = dot(asks, answers), loss = softmax(in_batch) }
`);
const histories = [
  { name: 'history', of: 'item', max: 4 },
  { name: 'rated', of: 'item', max: 3 },
  { name: 'stars', of: 'stars', max: 3 },
  { name: 'devices', of: 'device', max: 4 },
];

const random = makeRandom(4);
const eventAt = (at: number): PageEvent => ({
  item: `i${random.integer(10)}`,
  time: 1_700_000_000 + 500 * at,
  columns: {
    stars: random.integer(5) === 0 ? null : 1 + random.integer(5),
    device: ['phone', 'tv', null][random.integer(3)],
  },
});
const line = (user: string, { item, time, columns }: PageEvent): string =>
  `${user},${item},${time},${columns!.stars ?? ''},${columns!.device ?? ''}`;

const lines = Array.from({ length: 80 }, (_, at) => line(`u${at % 7}`, eventAt(at)));
const description = (more: Partial<Parameters<typeof describeData>[0]> = {}) =>
  describeData({
    folder: folderWith({ 'events.csv': ['user,item,time,stars,device', ...lines, ''].join('\n') }),
    time: 'time',
    split: { kind: 'random', validation: 0, test: 0, seed: 1 },
    ...{ histories, reject: 1 },
    ...more,
    columns: { given: 'stars', hour: 'time', ...more.columns },
  });

async function opened() {
  const data = await readDataset(description(), plan);
  const reader = await openEventReader(description(), plan, data.encodings, data);
  const query = {
    ...{ plan, histories: data.histories },
    events: {
      sources: Object.fromEntries(reader.sources) as Record<string, EventSource>,
      columns: reader.fields.map(({ name }) => name),
    },
  } as unknown as PublicServable;
  return { data, reader, query };
}

it('holds for events of a user, however they are ordered', async () => {
  const { data, reader, query } = await opened();
  const [tower] = plan.towers;
  const rows = rowsOf(data.corpus.keys);
  const later = makeUserEvents({ plan, encodings: data.encodings }, data);
  for (let user = 0; user < 20; user++) {
    const events = Array.from({ length: 1 + random.integer(8) }, (_, at) => eventAt(100 + at));
    const given = events.map(
      ({ item, time, columns }): GivenEvent => ({
        user: `new ${user}`,
        item: String(item),
        time: time!,
        columns: columns!,
      }),
    );
    for (const read of await reader.read(given, (key) => rows.get(key) ?? -1)) {
      if (read instanceof Error) throw read;
      later.add([read]);
    }
    const { values, items } = valuesOfEvents(user % 2 === 0 ? events : events.toReversed(), query);
    const own = later.laterEventsOf(`new ${user}`)!;
    expect(items).toEqual([...new Set(own.items)]);
    const wanted = own.columns(undefined);
    const itemOf = (key: string): number | undefined => rows.get(key);
    const columns = queryColumns(plan, tower, data.encodings, values, { histories: data.histories, itemOf });
    for (const name of tower.features.filter((each) => each !== 'user')) {
      const [mine, theirs] = [columns.get(name)!, wanted.get(name)!];
      const said = (column: typeof mine) => [
        valueAt(column, 0),
        weightsAt(column, 0),
        (column.column as BagColumn).kind,
      ];
      expect(said(mine), `${name} of user ${user}`).toEqual(said(theirs));
    }
  }
  reader.close();
});

it('has no source for values that SQL computes, or that an item has', async () => {
  const computed = description({ columns: { device: 'upper(device)' } });
  const data = await readDataset(computed, plan);
  const reader = await openEventReader(computed, plan, data.encodings, data);
  reader.close();
  expect(Object.fromEntries(reader.sources)).toEqual({
    ...{ history: { entry: 'item' }, rated: { entry: 'item' }, stars: { column: 'stars' } },
    ...{ devices: undefined, device: undefined, given: { column: 'stars' }, hour: { entry: 'time' } },
  });
});

it.each<[unknown, string]>([
  ['i1', '`events` of the request is not a list'],
  [[{ key: 'i1' }], 'an event without the key of an item'],
  [[{ item: 'i1', time: {} }], 'a time that is neither a number nor a text'],
  [[{ item: 'i1', time: 'yesterday' }], 'has a text that is no time'],
  [[{ item: 'i1', time: 3 }, { item: 'i2' }], 'times of different forms'],
  [[{ item: 'i1', columns: [] }], 'an event whose columns are no object'],
  [[{ item: 'i1', columns: { star: 3 } }], 'star'],
])('refuses %j', async (events, reason) => {
  const { reader, query } = await opened();
  reader.close();
  const work = Promise.resolve().then(() => valuesOfEvents(events, query));
  expect((await failureOf(work)).join('\n')).toContain(reason);
});
