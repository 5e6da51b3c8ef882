/** Items of one index in two databases: one PostgreSQL asks both by `postgres_fdw`, as docs/guide/serving.md shows, and the best of both are the best of all. */
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgres } from '../../../src/plugins/postgres/search_postgres.ts';
import { writeIndex } from '../../../src/plugins/postgres/write_postgres.ts';
import type { TopAnswer } from '../../../src/retrieval/snapshot.ts';
import { exactAnswersOf } from '../../../src/serving/live/recommender.ts';
import { absent, type Cluster, password, programs, startCluster } from './cluster.ts';
import { queries, requests, rows, snapshotOf } from './indexed.ts';

const shards = ['east', 'west'];

describe.skipIf(!programs)(`an index in two databases${absent}`, () => {
  let cluster: Cluster;
  let parent: Client;
  const snapshot = snapshotOf('1a2b3c4d5e6f7a8b');

  beforeAll(async () => {
    cluster = await startCluster();
    parent = await cluster.client();
    const options = { name: 'tower_items', recall: 0.95, half: false, dropsOlder: false };
    const { row } = await writeIndex(cluster.url(), snapshot, exactAnswersOf(snapshot, queries, 10), options);
    const { rows: columns } = await parent.query(
      `SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = '${row.table}'::regclass AND attnum > 0 ORDER BY attnum`,
    );
    const collated = (type: string): string => (type.startsWith('text') ? `${type} COLLATE "C"` : type);
    const defined = columns
      .map(({ attname, type }) => `"${attname.replaceAll('"', '""')}" ${collated(type)}`)
      .join(', ');
    await parent.query('CREATE EXTENSION postgres_fdw');
    await parent.query(`CREATE TABLE spread (${defined}) PARTITION BY HASH (key)`);
    for (const [at, shard] of shards.entries()) {
      await parent.query(`CREATE DATABASE ${shard}`);
      const remote = await cluster.client(shard);
      await remote.query(`CREATE EXTENSION vector; CREATE TABLE items (${defined})`);
      await parent.query(
        `CREATE SERVER ${shard} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${cluster.socket}', port '${cluster.port}', dbname '${shard}',
           extensions 'vector', use_remote_estimate 'true', async_capable 'true',
           options '-c hnsw.ef_search=${rows} -c hnsw.iterative_scan=strict_order -c enable_seqscan=off');
         CREATE USER MAPPING FOR tower SERVER ${shard} OPTIONS (user 'tower', password '${password}');
         CREATE FOREIGN TABLE spread_${shard} PARTITION OF spread FOR VALUES WITH (MODULUS 2, REMAINDER ${at}) SERVER ${shard} OPTIONS (table_name 'items')`,
      );
      await remote.end();
    }
    await parent.query(`INSERT INTO spread SELECT * FROM ${row.table}`);
    for (const shard of shards) {
      const remote = await cluster.client(shard);
      await remote.query('CREATE INDEX ON items USING hnsw (vector vector_ip_ops); ANALYZE items');
      await remote.end();
    }
    await parent.query(`UPDATE tower_indexes SET "table" = 'spread'`);
  });
  afterAll(async () => {
    await parent?.end();
    await cluster?.remove();
  });

  it('has a part of the items in each', async () => {
    const { rows: counts } = await parent.query(
      'SELECT tableoid::regclass::text AS shard, count(*)::int AS count FROM spread GROUP BY 1 ORDER BY 1',
    );
    expect(counts.map(({ shard }) => shard)).toEqual(['spread_east', 'spread_west']);
    for (const { count } of counts) expect(count).toBeGreaterThan(rows / 3);
  });

  it('gives the answers of one database', async () => {
    const index = await openPostgres(cluster.url(), snapshot, { name: 'tower_items' });
    expect(index.row.table).toBe('spread');
    const answers = (await index.top(requests)) as TopAnswer[];
    for (const [at, exact] of snapshot.top(requests).entries()) {
      const { items, candidates } = answers[at]!;
      expect([at, items.length, candidates]).toEqual([at, exact.items.length, exact.candidates]);
      const largest = Math.max(1e-30, ...exact.items.map(({ score }) => Math.abs(score)));
      for (const [place, { score }] of items.entries()) {
        expect(Math.abs(score - exact.items[place]!.score) / largest).toBeLessThan(1e-5);
      }
    }
    await index.close();
  });

  it('asks the graph of each, and merges what they find', async () => {
    const { rows: lines } = await parent.query(
      `EXPLAIN (VERBOSE, COSTS off) SELECT row FROM spread WHERE year > 1960 ORDER BY vector <#> '[${[...queries[0]![0]!]}]' LIMIT 10`,
    );
    const plan = lines.map((line) => line['QUERY PLAN']).join('\n');
    expect(plan).toMatch(/Merge Append/);
    expect(plan.match(/Remote SQL: .*WHERE \(\(year > .*ORDER BY \(vector .*<#>/g)).toHaveLength(2);
  });
});
