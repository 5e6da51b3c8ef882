/** Indexes in a real PostgreSQL: written, certified, asked, replaced; and what happens where the server does not do its part. */
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { openPostgres } from '../../../src/plugins/postgres/search_postgres.ts';
import { checkServer, type WriteOptions, writeIndex } from '../../../src/plugins/postgres/write_postgres.ts';
import type { Snapshot, TopAnswer } from '../../../src/retrieval/snapshot.ts';
import { exactAnswersOf } from '../../../src/serving/live/recommender.ts';
import { absent, type Cluster, password, programs, startCluster } from './cluster.ts';
import { queries, requests, rows, snapshotOf } from './indexed.ts';

describe.skipIf(!programs)(`an index in PostgreSQL${absent}`, () => {
  let cluster: Cluster;
  let client: Client;
  const snapshot = snapshotOf('1a2b3c4d5e6f7a8b');
  const usual: WriteOptions = { name: 'tower_items', recall: 0.95, half: false, dropsOlder: false };
  const write = (of: Snapshot, options: Partial<WriteOptions> = {}, to = cluster.url('postgres', graph)) =>
    writeIndex(to, of, exactAnswersOf(of, queries, 10), { ...usual, ...options });
  /** The planner would compare the few rows of a test with each other. */
  const graph = '?options=-c%20enable_seqscan%3Doff';
  const every = '?options=-c%20enable_indexscan%3Doff';

  beforeAll(async () => {
    cluster = await startCluster();
    client = await cluster.client();
  });
  afterAll(async () => {
    await client?.end();
    await cluster?.remove();
  });
  const tables = async (): Promise<string[]> => {
    const found = await client.query(
      "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')",
    );
    return found.rows.map(({ relname }) => relname).sort();
  };
  const failureOf = async (work: Promise<unknown>): Promise<Failure> => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Failure);
    return error as Failure;
  };
  const codeOf = async (work: Promise<unknown>): Promise<string> => (await failureOf(work)).diagnostics[0]!.code;

  it('is certified, and listed with its settings', async () => {
    const lines: string[] = [];
    const { row, address } = await write(snapshot, { onProgress: (line) => lines.push(line) });
    expect(address).toBe(`postgres://tower@127.0.0.1:${cluster.port}/postgres`);
    expect(row.certificate).toMatchObject({ k: 10, queries: queries.length });
    expect(row.certificate.recall).toBeGreaterThanOrEqual(0.95);
    expect(lines.at(-1)).toContain(`ef_search ${row.settings.efSearch}: recall ${row.certificate.recall.toFixed(4)}`);
    const kept = await client.query('SELECT "table", items, certificate FROM tower_indexes');
    expect(kept.rows).toEqual([
      { table: 'tower_items_1a2b3c4d5e6f', items: String(rows), certificate: row.certificate },
    ]);
    const shown = await client.query(
      'SELECT key, title, year, genres, "column 5" AS parity FROM tower_items WHERE row IN (3, 34) ORDER BY row',
    );
    expect(shown.rows).toEqual([
      { key: 'm3', title: 'Größe 3', year: 1953, genres: null, parity: 'odd' },
      { key: 'm34', title: 'Größe 34', year: null, genres: [], parity: 'even' },
    ]);
  });

  it('gives the answers of the scan where it compares every item', async () => {
    const index = await openPostgres(cluster.url('postgres', every), snapshot, { name: 'tower_items' });
    const answers = (await index.top(requests)) as TopAnswer[];
    const expected = snapshot.top(requests);
    for (const [at, answer] of answers.entries()) {
      const { items, ...rest } = expected[at]!;
      const { items: found, ...own } = answer;
      expect(own).toEqual({ ...rest, exact: false });
      expect(found.length).toBe(items.length);
      const largest = Math.max(1e-30, ...items.map(({ score }) => Math.abs(score)));
      for (const [place, { row, key, title, score }] of found.entries()) {
        const same = items[place]!;
        // Sums of float32 numbers in another order.
        expect(Math.abs(score - same.score) / largest).toBeLessThan(1e-5);
        expect([key, title]).toEqual([`m${row}`, `Größe ${row}`]);
      }
      // Equal scores may be in another order, and every other item is the same.
      const apart = found.filter(({ row }) => !items.some((same) => same.row === row));
      for (const { score } of apart) expect(Math.abs(score - items.at(-1)!.score) / largest).toBeLessThan(1e-5);
    }
    await index.close();
  });

  it('finds nearly all of them by the graph, and as many as there are', async () => {
    const index = await openPostgres(cluster.url('postgres', graph), snapshot, { name: 'tower_items' });
    const answers = (await index.top(requests)) as TopAnswer[];
    const expected = snapshot.top(requests);
    let [found, all] = [0, 0];
    for (const [at, { items }] of answers.entries()) {
      const wanted = expected[at]!.items;
      expect(items.length).toBe(wanted.length);
      const least = wanted.at(-1)?.score ?? 0;
      all += wanted.length;
      found += items.filter(({ row, score }) => score > least || wanted.some((same) => same.row === row)).length;
    }
    expect(found / all).toBeGreaterThan(0.95);
    const plan = await client.query(
      `SET enable_seqscan = off; EXPLAIN SELECT row FROM tower_items ORDER BY vector <#> '[${[...queries[0]![0]!]}]' LIMIT 10`,
    );
    expect(JSON.stringify(plan)).toContain('tower_items_1a2b3c4d5e6f_hnsw');
    await index.close();
  });

  it('refuses requests with a mistake, each alone', async () => {
    const index = await openPostgres(cluster.url(), snapshot, { name: 'tower_items' });
    const { vectors } = requests[0]!;
    const answers = await index.top([
      { vectors, k: 2, filter: 'yaer > 1' },
      { vectors, k: 2 },
      { vectors, k: 2, weights: { buy: 1 } },
      { vectors, k: 2, seenBy: 'eve' },
      { vectors: [[1]], k: 2 },
    ]);
    expect(answers.map((each) => (each instanceof Failure ? each.diagnostics[0]!.code : each.items.length))).toEqual([
      'unknown-name',
      2,
      'unknown-name',
      'unknown-name',
      'request-value',
    ]);
    await index.close();
  });

  it('compares float16 numbers where that finds enough', async () => {
    const { row } = await write(snapshot, { name: 'half', half: true });
    expect(row.settings.half).toBe(true);
    const index = await openPostgres(cluster.url('postgres', graph), snapshot, { name: 'half' });
    const [answer] = (await index.top([{ vectors: queries[0]!, k: 5 }])) as [TopAnswer];
    const [exact] = snapshot.top([{ vectors: queries[0]!, k: 5 }]);
    for (const [at, { score }] of answer.items.entries()) expect(score).toBeCloseTo(exact!.items[at]!.score, 1);
    await index.close();
  });

  it('keeps nothing of an index that finds too little', async () => {
    const before = await tables();
    const other = snapshotOf('ffff', 5);
    // An impossible truth: that of other items.
    const refused = await failureOf(
      writeIndex(cluster.url('postgres', graph), other, exactAnswersOf(snapshot, queries.slice(0, 8), 10), usual),
    );
    expect(refused.diagnostics[0]).toMatchObject({ code: 'index-recall' });
    expect(refused.message).toMatch(/finds \d+\.\d\d % of the best 10 items of 8 queries, and 95\.00 % are asked for/);
    expect(await tables()).toEqual(before);
  });

  it('serves each version from its own table, and drops older ones only when asked', async () => {
    const older = await openPostgres(cluster.url(), snapshot, { name: 'tower_items' });
    const next = snapshotOf('bbbb', 2);
    expect(await codeOf(openPostgres(cluster.url(), next, { name: 'tower_items' }))).toBe('index-other');
    expect(
      await codeOf(
        openPostgres(
          cluster.url(),
          snapshotOf('1a2b3c4d5e6f7a8b', 1, (row) => `x${row}`),
          { name: 'tower_items' },
        ),
      ),
    ).toBe('index-other');
    expect(await codeOf(openPostgres(cluster.url(), next, { name: 'absent' }))).toBe('index-missing');
    await write(next);
    const newer = await openPostgres(cluster.url(), next, { name: 'tower_items' });
    const request = { vectors: queries[0]!, k: 3 };
    const [a, b] = [(await older.top([request]))[0] as TopAnswer, (await newer.top([request]))[0] as TopAnswer];
    expect([a.version, b.version]).toEqual([snapshot.version, 'bbbb']);
    expect(a.items[0]!.score).toBeCloseTo(snapshot.top([request])[0]!.items[0]!.score, 4);
    expect(b.items[0]!.score).toBeCloseTo(next.top([request])[0]!.items[0]!.score, 4);
    const { rows: seen } = await client.query("SELECT pg_get_viewdef('tower_items') AS text");
    expect(seen[0].text).toContain('tower_items_bbbb');

    const { row, dropped } = await write(next, { dropsOlder: true });
    expect([row.table, dropped]).toEqual(['tower_items_bbbb_2', ['tower_items_bbbb', 'tower_items_1a2b3c4d5e6f']]);
    expect(await tables()).toEqual(['half', 'half_1a2b3c4d5e6f', 'tower_indexes', 'tower_items', 'tower_items_bbbb_2']);
    // The newer server goes on with the new table of its version; the older one has none any more.
    expect((await newer.top([request]))[0]).toMatchObject({ version: 'bbbb' });
    const [refused] = await older.top([request]);
    expect((refused as Failure).diagnostics[0]!.code).toBe('index-other');
    await Promise.all([older.close(), newer.close()]);
  });

  it('says in a line what the server refuses, without the password', async () => {
    await client.query('CREATE DATABASE empty');
    await client.query('CREATE ROLE guest LOGIN PASSWORD $$guest secret$$');
    const wrong = cluster.url().replace(encodeURIComponent(password), 'hunter2');
    const none = cluster.url().replace(`:${encodeURIComponent(password)}@`, '@');
    const guest = `postgres://guest:guest%20secret@127.0.0.1:${cluster.port}/empty`;
    const cases: readonly (readonly [string, string])[] = [
      [wrong, 'the password is missing or is another one'],
      [none, 'the password is missing or is another one'],
      [cluster.url('absent'), 'there is no such database'],
      ['postgres://tower:hunter2@127.0.0.1:1/db', 'nothing listens there'],
      ['postgres://tower:hunter2@/db?host=/tmp/absent-folder', 'there is no such socket'],
      [cluster.url('postgres', '?sslmode=verify-full'), 'it does not speak TLS'],
      [guest, 'the user may not do that'],
      [cluster.url('empty', '?options=-c%20default_transaction_read_only%3Don'), 'the server is read-only'],
    ];
    for (const [to, reason] of cases) {
      const refused = await failureOf(
        checkServer(to, 'tower_items').then(() => writeIndex(to, snapshot, exactAnswersOf(snapshot, [], 10), usual)),
      );
      expect(refused.message).toContain(reason);
      expect(JSON.stringify(refused.diagnostics)).not.toMatch(/hunter2|secret/);
      expect(refused.diagnostics[0]!.hint).toBeTruthy();
    }
    const words = [
      'mysql://tower:hunter2@host/db',
      'postgres://tower:hunter2@host:port/db',
      'postgres://tower:hunter2@host:99999/db',
      'postgres',
    ];
    for (const to of words) {
      const refused = await failureOf(checkServer(to, 'tower_items'));
      expect(refused.diagnostics[0]!.code).toBe('index-address');
      expect(refused.message).not.toContain('hunter2');
    }
    for (const name of ['', 'a"b', 'x'.repeat(41), '1a', 'größe', 'a b']) {
      expect(await codeOf(checkServer(cluster.url(), name))).toBe('index-table');
    }
    await client.query('CREATE TABLE taken (a int)');
    expect(String(await failureOf(write(snapshot, { name: 'taken' })))).toContain('is not a view of Tower');
    await client.query("UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'");
    expect(await codeOf(checkServer(cluster.url(), 'tower_items'))).toBe('index-extension');
    await client.query("UPDATE pg_extension SET extversion = '0.8.0' WHERE extname = 'vector'");
  });

  it('refuses a text that PostgreSQL cannot store', async () => {
    const odd = snapshotOf('odd', 1, (row) => (row === 700 ? 'a\0b' : `m${row}`));
    const refused = await failureOf(write(odd));
    expect(refused.message).toBe(
      'the key `a\\u{0}b` of an item cannot be stored in PostgreSQL: it has the character U+0000',
    );
    expect(await tables()).not.toContain('tower_items_odd');
  });

  it('outlives a server that is killed, in a search and while it is written', async () => {
    const own = await startCluster();
    const url = own.url('postgres', graph);
    await writeIndex(url, snapshot, exactAnswersOf(snapshot, queries, 10), usual);
    const index = await openPostgres(url, snapshot, { name: 'tower_items' });
    const request = { vectors: queries[0]!, k: 3 };
    const before = await index.top([request]);
    await own.kill();
    const [refused] = await index.top([request]);
    expect((refused as Failure).diagnostics[0]!.code).toBe('index-server');
    expect((refused as Failure).message).toMatch(/nothing listens there|connection was lost|starting or stopping/);
    await own.start();
    expect(await index.top([request])).toEqual(before);

    // All connections of the pool are lost, and the server is back before they are used.
    await own.kill();
    await own.start();
    expect(await index.top(Array.from({ length: 8 }, () => request))).toEqual(
      Array.from({ length: 8 }, () => before[0]),
    );

    const killed: Promise<void>[] = [];
    const writing = writeIndex(url, snapshotOf('cccc', 3), exactAnswersOf(snapshotOf('cccc', 3), queries, 10), {
      ...usual,
      onProgress: (line) => line.startsWith('building') && killed.push(own.kill()),
    });
    expect(String(await failureOf(writing))).toContain('postgres');
    await Promise.all(killed);
    await own.start();
    const other = await own.client();
    const { rows: found } = await other.query(
      "SELECT relname FROM pg_class WHERE relname LIKE 'tower_items_%' AND relkind = 'r'",
    );
    expect(found).toEqual([{ relname: 'tower_items_1a2b3c4d5e6f' }]);
    expect(await index.top([request])).toEqual(before);
    await other.end();
    await index.close();
    await own.remove();
  });
});
