/** One data set, read into memory and through shards; and what each row of it says, so that the two can be compared. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { makeRandom } from '../../../src/base/random/random.ts';
import type { BagColumn, Dataset, Events, IndexedBags, IndexedColumn } from '../../../src/data/dataset.ts';
import { type DatasetReadOptions, readDataset } from '../../../src/data/read_dataset.ts';
import type { ShardRequest } from '../../../src/data/shards/request.ts';
import { type Block, describeData, features, folderWith, needsOf, valueAt, vocabulary, weightsAt } from '../fixture.ts';

/** Users of few and of many events, times that come several times, values that are missing. */
export function eventsText(rows: number, seed = 3): string {
  const random = makeRandom(seed);
  const lines = Array.from({ length: rows }, (_, at) => {
    const user = Math.min(random.integer(60), random.integer(60));
    const item = Math.min(random.integer(40), random.integer(40));
    const time = 100 + Math.floor(at / 3) + random.integer(60);
    const fold = ['train', 'train', 'train', 'train', 'validation', 'test'][random.integer(6)];
    const [rating, device] = [
      random.integer(10) === 0 ? '' : 1 + random.integer(5),
      ['phone', 'desk', 'tv', ''][random.integer(4)],
    ];
    return `u${user},i${item},${time},${rating},${device},${(random.next() * 9).toFixed(2)},${fold}`;
  });
  return `user,item,time,rating,device,hours,fold\n${lines.join('\n')}\n`;
}

const itemsText = (): string =>
  `item,title,tags,price\n${Array.from({ length: 45 }, (_, at) => `i${at},"Film ${at % 7}, part ${at}",${['a|b', 'b', '', 'c|a|b'][at % 4]},${at % 9 === 0 ? '' : at / 4}`).join('\n')}\n`;
const usersText = (): string =>
  `user,age,country\n${Array.from({ length: 62 }, (_, at) => `u${at},${20 + (at % 30)},${['pt', 'de', ''][at % 3]}`).join('\n')}\n`;

const userFeatures = {
  user: { encoder: vocabulary },
  device: { encoder: vocabulary },
  country: { encoder: vocabulary },
  age: { encoder: { kind: 'quantiles', buckets: 4, log: false } },
  hours: { encoder: { kind: 'quantiles', buckets: 5, log: true } },
  raw: { encoder: { kind: 'standardize', log: false }, column: 'hours' },
  history: { encoder: vocabulary, gives: 'bag', encoderOf: 'item', max: 5 },
  latest: { encoder: vocabulary, gives: 'code', encoderOf: 'item', last: 'history' },
  crossed: { encoder: { kind: 'hash', buckets: 30 }, crosses: ['device', 'age'] },
} as const;

export const needs = {
  ...needsOf(
    userFeatures as never,
    {
      item: { encoder: vocabulary },
      tags: { encoder: vocabulary, gives: 'bag', max: 2 },
      title: { encoder: { kind: 'words', buckets: 16 }, gives: 'bag', max: 3 },
      price: { encoder: { kind: 'standardize', log: false } },
    } as never,
    [
      { name: 'liked', sort: 'binary' },
      { name: 'rating', sort: 'number' },
    ],
  ),
  tasks: [{ name: 'watch' }, { name: 'rate', label: 'rating', only: 'liked', weight: 'raw' }],
};

/** The same, without files of items and users: only events know what there is. */
export const needsOfEvents = {
  ...needs,
  tasks: [],
  labels: [{ name: 'liked', sort: 'binary' as const }],
  features: [
    ...features('user', {
      user: { encoder: vocabulary },
      history: {
        encoder: vocabulary,
        gives: 'bag',
        encoderOf: 'item',
        max: 4,
        through: { tower: 'item', channels: [] } as never,
      },
    }),
    ...features('item', {
      item: { encoder: vocabulary },
      device: { encoder: vocabulary },
      hours: { encoder: { kind: 'number', log: false } },
    }),
  ],
};

export const block = (more: Partial<Block>, rows = 900): Block => ({
  folder: folderWith({ 'events.csv': eventsText(rows), 'items.csv': itemsText(), 'users.csv': usersText() }),
  items: 'items.csv',
  users: 'users.csv',
  columns: { tags: "string_split(tags, '|')", liked: 'CASE WHEN rating IS NULL THEN NULL ELSE rating >= 4 END' },
  time: 'time',
  histories: [{ name: 'history', of: 'item', max: 5 }],
  ...more,
});

export const small = { atOnce: 250, buckets: 5, piles: 4, held: 2 };

export const parquetParts = 'parts/*.parquet';

/** The file of events as Parquet: three files, each of several row groups. */
export async function asParquet(folder: string, more = ''): Promise<void> {
  const connection = await (await DuckDBInstance.create()).connect();
  mkdirSync(join(folder, 'parts'));
  await connection.run(`CREATE TABLE events AS SELECT *${more} FROM read_csv('${join(folder, 'events.csv')}')`);
  for (const [part, [from, to]] of [
    [0, 2100],
    [2100, 2101],
    [2101, 9000],
  ].entries()) {
    const rows = `SELECT * FROM events WHERE rowid >= ${from} AND rowid < ${to} ORDER BY rowid`;
    await connection.run(`COPY (${rows}) TO '${join(folder, 'parts', `${part}.parquet`)}' (ROW_GROUP_SIZE 2048)`);
  }
  connection.closeSync();
}

export async function bothWays(
  of: Block,
  needed: Parameters<typeof readDataset>[1] = needs,
  more: Partial<ShardRequest> = {},
): Promise<readonly [memory: Dataset, shards: Dataset]> {
  const description = describeData({ reject: 1, ...of });
  const shards = { memory: 2 ** 30, folder: join(of.folder, 'shards'), when: 'always' as const, sizes: small, ...more };
  const options: DatasetReadOptions = { shards };
  return [await readDataset(description, needed), await readDataset(description, needed, options)];
}

const bagAt = ({ bags, index }: IndexedBags, row: number): unknown =>
  valueAt({ column: bags, ...(index ? { index } : {}) }, row);
const itemsAt = ({ column, index }: IndexedColumn, row: number): unknown => {
  const { items, starts, ends } = column as BagColumn;
  const at = index ? index[row]! : row;
  return items && [...items.subarray(starts[at]!, ends[at]!)];
};

const columnsAt = (columns: ReadonlyMap<string, IndexedColumn>, row: number): unknown =>
  Object.fromEntries(
    [...columns]
      .sort()
      .map(([name, column]) => [
        name,
        [
          valueAt(column, row),
          weightsAt(column, row),
          column.column.kind === 'bags' ? itemsAt(column, row) : undefined,
        ],
      ]),
  );

/** What each event says. */
export const rowsOf = (events: Events, given = true): unknown[] =>
  Array.from({ length: events.rows }, (_, row) => ({
    id: events.ids![row],
    item: events.item[row],
    user: events.user[row],
    labels: [...events.labels].sort().map(([name, values]) => [name, values[row]]),
    features: columnsAt(events.features, row),
    earlier: events.earlier && bagAt(events.earlier, row),
    given: given && events.givenItems && [...events.givenItems].sort().map(([name, bags]) => [name, bagAt(bags, row)]),
  }));

export const byId = (rows: unknown[]): unknown[] => (rows as { id: number }[]).sort((a, b) => a.id - b.id);

/** All training rows that are in piles. */
export async function shardRows({ shards }: Dataset): Promise<Events> {
  return shards!.read(shards!.piles.map((_, shard) => shard));
}

/** Everything but the training rows. */
export const restOf = ({
  parts,
  corpus,
  users,
  knownUntil,
  until,
  protocol,
  histories,
  seen,
  rejected,
}: Dataset): unknown => ({
  knownUntil,
  until,
  rows: parts.train.rows,
  gives: [parts.validation.givesEarlier, parts.test.givesEarlier],
  validation: rowsOf(parts.validation),
  test: rowsOf(parts.test),
  corpus: [corpus.rows, corpus.keys, corpus.titles, [...corpus.trainingCounts]],
  items: Array.from({ length: corpus.rows }, (_, row) => columnsAt(corpus.features, row)),
  users: Array.from({ length: users.rows }, (_, row) => [
    users.keys.at(row),
    columnsAt(users.features, row),
    valueAt({ column: users.seen }, row),
    valueAt({ column: users.had }, row),
  ]),
  asOfLastEvent: users.asOfLastEvent,
  protocol,
  histories: [...histories],
  seen,
  rejected: [rejected.count, rejected.total],
});
