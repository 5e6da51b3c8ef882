import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { bindData } from '../../../src/data/binding/bind.ts';
import { openDatabase } from '../../../src/data/files/duckdb.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { stage } from '../../../src/data/rows/stage.ts';
import { describeData, failureOf, folderWith, needsOf, vocabulary } from '../fixture.ts';
import {
  asParquet,
  block,
  bothWays,
  byId,
  parquetParts,
  restOf,
  rowsOf,
  shardRows,
  small,
} from '../shards/both_ways.ts';

const events = parquetParts;
const inPlace = { sizes: { ...small, atOnce: 700, room: 0 } };
const tiny = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });

async function staged(folder: string, room: number) {
  const { output } = await bindData(describeData({ folder, events }), tiny);
  const database = await openDatabase();
  const source = output!.layout.sources.get('events')!;
  return { database, source, layout: output!.layout, table: await stage(database, source, output!.layout, { room }) };
}

interface Variant {
  readonly where?: string;
  readonly bad?: boolean;
  readonly device?: string;
}

describe('Parquet that is read where it is', () => {
  it.each([
    ['every row', {}],
    ['rows that `where` takes', { where: "hours < 7.5 AND user <> 'u3'" }],
    ['all rows but those that an expression fails on', { bad: true }],
    ['each row with what a column reads of others,', { device: 'lag(device) OVER (ORDER BY rowid)' }],
  ] as const)('gives %s that a table gives', async (_, { bad = false, device, ...more }: Variant) => {
    const of = block({ split: { kind: 'by_time', validation: 0.1, test: 0.1 }, ...more }, 2400);
    await asParquet(of.folder);
    const liked = bad ? "CAST(CASE WHEN item = 'i5' THEN 'many' ELSE '1' END AS INTEGER) = 1" : of.columns!.liked!;
    const columns = { ...of.columns, liked, ...(device ? { device } : {}) };
    const [memory, shards] = await bothWays({ ...of, events, columns }, undefined, inPlace);
    expect(restOf(shards)).toEqual(restOf(memory));
    expect(byId(rowsOf(await shardRows(shards), false))).toEqual(byId(rowsOf(memory.parts.train, false)));
    expect(memory.rejected.count > 0).toBe(bad);
  });

  it('is a view, and a table where it fits', async () => {
    const { folder } = block({}, 2400);
    await asParquet(folder);
    for (const [room, kind] of [
      [0, true],
      [1e9, false],
    ] as const) {
      const { database, table, layout, source } = await staged(folder, room);
      expect([table.inPlace !== undefined, table.rows]).toEqual([kind, 2400]);
      expect(table.files.map(({ first }) => first)).toEqual([0, 2100, 2101]);
      const ids = 'SELECT min(events.rowid) AS least, max(events.rowid) AS most, count(*) AS n FROM events';
      for (const [first, count] of kind
        ? [
            [2095, 6],
            [2101, 400],
            [0, 3],
            [2100, 1],
          ]
        : []) {
        await table.inPlace!.focus({ first: first!, count: count! });
        const [{ least, most, n }] = (await database.rows(ids)) as [{ least: bigint; most: bigint; n: bigint }];
        const there = Math.min(count!, 2400 - first!);
        expect([least, most, n].map(Number)).toEqual([first, first! + there - 1, there]);
      }
      await table.inPlace?.focus();
      await database.seal(kind ? source.files.map(({ path }) => path) : []);
      const some = 'SELECT count(*) AS n, min(events.rowid) AS least, any_value("user") AS one FROM events';
      await table.leaveOut(Int32Array.of(2099, 2100));
      await table.leaveOut(Int32Array.of(2101));
      const [row] = await database.rows(`${some} WHERE events.rowid >= 2098 AND events.rowid < 2104`);
      expect([Number(row!.n), Number(row!.least), row!.one]).toEqual([3, 2098, expect.stringMatching(/^u/)]);
      expect(layout.sources.size).toBe(1);
      const other = `SELECT * FROM read_csv('${join(folder, 'items.csv')}')`;
      await expect(database.rows(other)).rejects.toThrow(/Permission|disabled/);
      database.close();
    }
  });

  it('is a table where a column has the name of its place, or another file is no Parquet', async () => {
    const { folder } = block({}, 2400);
    await asParquet(folder, ', 7 AS File_Row_Number');
    const { table, database } = await staged(folder, 0);
    expect(table.inPlace).toBeUndefined();
    database.close();
    const { output } = await bindData(describeData({ folder }), tiny);
    const { layout } = output!;
    const csv = await stage(await openDatabase(), layout.sources.get('events')!, layout, { room: 0 });
    expect(csv.inPlace).toBeUndefined();
  });

  it('is refused where a file is damaged, by its name', async () => {
    const { folder } = block({}, 2400);
    await asParquet(folder);
    const path = join(folder, 'parts/0.parquet');
    writeFileSync(path, readFileSync(path).fill(255, 20, 9000));
    const { output } = await bindData(describeData({ folder, events }), tiny);
    const { layout } = output!;
    const staging = stage(await openDatabase(), layout.sources.get('events')!, layout, { room: 0 });
    expect(await failureOf(staging)).toEqual([expect.stringMatching(/^data-file-damaged at events:.*0\.parquet/)]);
  });

  it.each([
    ['grows', (path: string) => appendFileSync(path, 'more')],
    ['is replaced', (path: string) => copyFileSync(path.replace('1.parquet', '0.parquet'), path)],
  ])('is refused where a file %s after it was read once', async (_, change) => {
    const of = block({}, 2400);
    await asParquet(of.folder);
    const onPass = (): void => change(join(of.folder, 'parts/1.parquet'));
    const shards = { memory: 2 ** 30, folder: join(of.folder, 'shards'), when: 'always' as const, ...inPlace, onPass };
    const reading = readDataset(describeData({ ...of, events, reject: 1 }), tiny, { shards });
    expect(await failureOf(reading)).toEqual([expect.stringMatching(/^data-file-changed at events:.*1\.parquet/)]);
  });

  it('keeps values whose types differ between files', async () => {
    const folder = folderWith({});
    const connection = await (await DuckDBInstance.create()).connect();
    for (const [name, item] of [
      ['a', '7::BIGINT'],
      ['b', "'007'"],
    ]) {
      await connection.run(
        `COPY (SELECT 'u' || range AS "user", ${item} AS item FROM range(30)) TO '${join(folder, name!)}.parquet'`,
      );
    }
    connection.closeSync();
    const shards = { memory: 2 ** 30, folder: join(folder, 'shards'), when: 'always' as const, ...inPlace };
    const { corpus } = await readDataset(describeData({ folder, events: '?.parquet' }), tiny, { shards });
    expect([...corpus.keys].sort()).toEqual(['007', '7']);
  });
});
