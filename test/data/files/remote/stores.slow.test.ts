/** Object stores, read through the database: against a real server where there is one, and against servers that misbehave. */
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bindData } from '../../../../src/data/binding/bind.ts';
import { openDatabase } from '../../../../src/data/files/duckdb.ts';
import { connectStores } from '../../../../src/data/files/remote/stores.ts';
import { readDataset } from '../../../../src/data/read_dataset.ts';
import { stage } from '../../../../src/data/rows/stage.ts';
import { describeData, failureOf, folderWith, needsOf, vocabulary } from '../../fixture.ts';
import { block, bothWays, byId, needs, restOf, rowsOf, shardRows, small } from '../../shards/both_ways.ts';
import { hasExtension, hasStore, type Store, secret, serve, startStore, useStore } from './store.ts';

const tiny = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });
const csv = 'user,item\na,x\nb,y\n';

/** Files as Parquet, each of several row groups. */
async function parquetOf(folder: string, ...names: readonly string[]): Promise<Uint8Array[]> {
  const connection = await (await DuckDBInstance.create()).connect();
  const files: Uint8Array[] = [];
  for (const name of names) {
    const to = join(folder, `${name}.parquet`);
    await connection.run(`COPY (FROM read_csv('${join(folder, `${name}.csv`)}')) TO '${to}' (ROW_GROUP_SIZE 2048)`);
    files.push(readFileSync(to));
  }
  connection.closeSync();
  return files;
}

const read = (more: Parameters<typeof describeData>[0] | Record<string, unknown>, allow?: string[]) =>
  readDataset(describeData({ folder: '/', ...more } as never), tiny, allow ? { access: { allow } } : {});

/** Each mistake with its place. */
const saidOf = async (work: Promise<unknown>): Promise<string> => (await failureOf(work)).join('\n');

describe.skipIf(!hasStore)('an object store', () => {
  let store: Store;
  beforeAll(async () => {
    store = await startStore();
    await store.put('shop');
    await store.put('other');
  }, 60_000);
  afterAll(() => store?.close());

  it('gives the rows that files of this machine give, in memory and in shards', async () => {
    useStore(store.url);
    const of = block({ split: { kind: 'by_time', validation: 0.1, test: 0.1 } }, 600);
    const [events, items, users] = await parquetOf(of.folder, 'events', 'items', 'users');
    await store.put('shop/both/events/1.parquet', events);
    await store.put('shop/both/items.parquet', items);
    await store.put('shop/both/users.parquet', users);
    const local = await readDataset(
      describeData({ reject: 1, ...of, events: 'events.parquet', items: 'items.parquet', users: 'users.parquet' }),
      needs,
    );
    const inPlace = { sizes: { ...small, atOnce: 200, room: 0 } };
    const remote = {
      ...of,
      events: 's3://shop/both/events/*.parquet',
      items: 's3://shop/both/items.parquet',
      users: 's3://shop/both/{users,none}.parquet',
    };
    const [memory, shards] = await bothWays(remote, undefined, inPlace);
    const { protocol: _, ...there } = restOf(memory) as { protocol: unknown };
    const { protocol: __, ...here } = restOf(local) as { protocol: unknown };
    expect(there).toEqual(here);
    expect(rowsOf(memory.parts.train)).toEqual(rowsOf(local.parts.train));
    expect(restOf(shards)).toEqual(restOf(memory));
    expect(byId(rowsOf(await shardRows(shards), false))).toEqual(byId(rowsOf(memory.parts.train, false)));

    // The same shards are found again, until an object is another one, be it of the same second and size.
    const reuses: unknown[] = [];
    const request = {
      ...{ memory: 2 ** 30, folder: join(of.folder, 'shards'), when: 'always' as const, ...inPlace },
      onDecision: ({ reused = false }) => void reuses.push(reused),
    };
    const again = () => readDataset(describeData({ reject: 1, ...remote }), needs, { shards: request });
    await again();
    const text = readFileSync(join(of.folder, 'items.csv'), 'utf8').replace('Film 1', 'Film 9');
    await store.put('shop/both/items.parquet', (await parquetOf(folderWith({ 'items.csv': text }), 'items'))[0]);
    await again();
    expect(reuses).toEqual([true, false]);
  }, 60_000);

  it('gives copies of text, which are gone afterwards', async () => {
    useStore(store.url);
    const base = folderWith({});
    vi.stubEnv('TMPDIR', base);
    expect(tmpdir()).toBe(base);
    await store.put('shop/text/a.csv', csv);
    await store.put('shop/text/b.csv.gz', gzipSync('user,item\nc,z\n'));
    await store.put('shop/text/c.jsonl', '{"user":"d","item":"x"}\n{"user":"e"\n');
    const data = await read({ events: 's3://shop/text/*.{csv,csv.gz,jsonl}', reject: 0.5 });
    expect(data.users.keys).toEqual(['a', 'b', 'c', 'd']);
    expect(data.rejected.count).toBe(1);
    expect(readdirSync(base)).toEqual([]);
    vi.stubEnv('GS_ENDPOINT_URL', store.url);
    vi.stubEnv('GS_ACCESS_KEY_ID', 'somebody');
    vi.stubEnv('GS_SECRET_ACCESS_KEY', secret);
    vi.stubEnv('TOWER_REMOTE', 's3://shop/ gs://shop/text/');
    expect((await read({ events: 'gs://shop/text/a.csv' })).users.keys).toEqual(['a', 'b']);
    expect(await saidOf(read({ events: 's3://shop/text/*.jsonl', reject: 0 }))).toContain('s3://shop/text/c.jsonl:2');
  }, 60_000);

  it('is asked for nothing that the user did not allow', async () => {
    useStore(store.url, 's3://shop/allowed/');
    await store.put('shop/secret.csv', csv);
    await store.put('shop/allowed/[x].csv', csv);
    for (const [events, code] of [
      ['s3://shop/secret.csv', 'data-file-remote'],
      ['s3://other/a.csv', 'data-file-remote'],
      ['s3://shop/*.csv', 'data-file-remote'],
      ['s3://shop/allowed/../secret.csv', 'remote-address'],
      ['s3://shop/allowed/{a,../secret}.csv', 'remote-address'],
      ['s3://shop/{allowed/a,secret}.csv', 'data-file-remote'],
      ['s3://shop/allowed/a.csv?s3_endpoint=evil.example', 'remote-address'],
      ['s3://shop/allowed/*.csv', 'remote-failed'],
    ]) {
      expect(await saidOf(read({ events }))).toMatch(new RegExp(`^${code} at events:`));
    }
    vi.stubEnv('TOWER_REMOTE', '');
    expect(await saidOf(read({ events: 's3://shop/secret.csv' }))).toMatch(
      /^data-file-remote .*--allow s3:\/\/shop\/`/,
    );
    expect((await read({ events: 's3://shop/secret.csv' }, ['s3://shop/'])).users.keys).toEqual(['a', 'b']);
  }, 60_000);

  it('says what is missing', async () => {
    useStore(store.url, 's3://shop/ s3://nobody/');
    const said = (events: string) => saidOf(read({ events }));
    expect(await said('s3://shop/none.parquet')).toBe(
      'remote-failed at events:s3://shop/none.parquet: `s3://shop/none.parquet` cannot be read: there is no such bucket or file (HTTP 404)',
    );
    expect(await said('s3://nobody/*.parquet')).toContain('(HTTP 404)');
    expect(await said('s3://shop/none/*.parquet')).toContain('the store has no file that fits');
    await store.put('shop/bad.parquet', 'no Parquet at all, but a text of some length');
    expect(await said('s3://shop/bad.parquet')).toContain('s3://shop/bad.parquet');
  }, 60_000);

  it('refuses a file that changes between two readings, or goes', async () => {
    useStore(store.url);
    const folder = folderWith({ 'a.csv': csv, 'b.csv': csv.replace('x', 'v') });
    const [first, second] = await parquetOf(folder, 'a', 'b');
    expect(first!.length).toBe(second!.length);
    for (const change of [
      () => store.put('shop/change/a.parquet', second),
      () => store.remove('shop/change/a.parquet'),
    ]) {
      await store.put('shop/change/a.parquet', first);
      const { output } = await bindData(describeData({ folder, events: 's3://shop/change/*.parquet' }), tiny);
      await change();
      const source = output!.layout.sources.get('events')!;
      const database = await openDatabase();
      await connectStores(database, source.files);
      const said = await saidOf(stage(database, source, output!.layout, { room: 0 }));
      expect(said).toMatch(/^(data-file-changed|remote-failed) at events:/);
      database.close();
    }
  }, 60_000);
});

describe.skipIf(!hasExtension)('a database that reads stores', () => {
  it('is sealed as any other: it reads the files that the seal names, and no more', async () => {
    const asked: string[] = [];
    const url = await serve(({ url }, answer) => {
      asked.push(url!);
      answer.writeHead(404).end();
    });
    useStore(url);
    const database = await openDatabase();
    const described = { path: 's3://shop/a.parquet', span: describeData({ folder: '/' }).events.span };
    await connectStores(database, [{ path: described.path, described }]);
    await database.seal(['s3://shop/a.parquet']);
    for (const sql of [
      "FROM read_csv('s3://shop/b.csv')",
      "FROM read_parquet('s3://shop/a.parquet?s3_endpoint=evil.example')",
      "FROM glob('s3://shop/*')",
      `FROM read_csv('${url}/x.csv')`,
      "FROM read_csv('/etc/passwd')",
      "COPY (SELECT 1) TO 's3://shop/a.csv'",
      "SET http_proxy = 'evil.example'",
      'SET enable_external_access = true',
      "LOAD '/tmp/other.duckdb_extension'",
      'INSTALL aws',
      'FROM duckdb_secrets(redact = false)',
    ])
      await expect(
        database.run(sql).then(() => sql),
        sql,
      ).rejects.toThrow(/disabled|locked|Cannot|Permission|unredacted/i);
    expect(asked).toEqual([]);
    const keys = await database.rows("SELECT value FROM duckdb_settings() WHERE name LIKE 's3_%'");
    expect(JSON.stringify([keys, await database.rows('FROM duckdb_secrets()')])).not.toContain(secret);
    await expect(database.rows("FROM read_parquet('s3://shop/a.parquet')")).rejects.toThrow();
    expect(asked.length).toBeGreaterThan(0);
    database.close();
  });

  it('says why a store gives nothing, without its keys and without a long wait', async () => {
    vi.stubEnv('TOWER_REMOTE_TIMEOUT', '1');
    const said = async (url: string): Promise<string> => {
      useStore(url);
      const words = await saidOf(read({ events: 's3://shop/a/*.parquet' }));
      expect(words).not.toMatch(/hunter2|AKIDOFATEST/);
      return words;
    };
    const refuses = await serve((_, answer) =>
      answer
        .writeHead(403, { 'content-type': 'application/xml' })
        .end(`<Error><Code>InvalidAccessKeyId</Code><Message>AKIDOFATEST ${secret}</Message></Error>`),
    );
    expect(await said(refuses)).toContain(
      '`s3://shop/a/*.parquet` cannot be read: the store refuses access (HTTP 403): the key of `AWS_ACCESS_KEY_ID` may not read it, or is wrong',
    );
    let asked = 0;
    const silent = await serve(() => void asked++);
    expect(await said(silent)).toMatch(/ was silent for 1 s, 3 times$/);
    expect(asked).toBe(3);
    const fails = await serve((_, answer) => answer.writeHead(503).end());
    expect(await said(fails)).toContain('it answered with HTTP 503, 3 times');
    expect(await said('http://127.0.0.1:1')).toContain('nothing answers at 127.0.0.1:1');
    expect(await said('http://no-such-host.invalid')).toContain('the name no-such-host.invalid cannot be found');
    const cuts = await serve(({ method }, answer) => {
      answer.writeHead(200, { 'content-length': 1000, 'last-modified': new Date(0).toUTCString() });
      if (method === 'HEAD') answer.end();
      else answer.write('PAR1', () => answer.destroy());
    });
    expect(await said(cuts)).toContain('was cut');
    vi.stubEnv('TOWER_REMOTE_TIMEOUT', 'soon');
    expect(await said(silent)).toContain('remote-timeout');
    vi.unstubAllEnvs();
  }, 60_000);
});

it('without its extension a database says what to set up', async () => {
  vi.stubEnv('TOWER_CACHE', folderWith({}));
  vi.stubEnv('TOWER_REMOTE', 's3://shop/');
  expect(await saidOf(read({ events: 's3://shop/a.parquet' }))).toMatch(
    /^remote-extension .*\(run `npx tower engines --setup httpfs`, once a machine\)$/,
  );
  vi.unstubAllEnvs();
});

it('a file of the web is a copy of this process', async () => {
  const url = await serve((_, answer) => answer.end(csv));
  vi.stubEnv('TOWER_REMOTE', `${url}/`);
  expect((await read({ events: `${url}/a.csv` })).users.keys).toEqual(['a', 'b']);
  vi.stubEnv('TOWER_REMOTE', '');
  expect(await saidOf(read({ events: `${url}/a.csv` }))).toMatch(/^data-file-remote /);
  vi.unstubAllEnvs();
});
