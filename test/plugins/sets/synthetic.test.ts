import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { type Database, openDatabase } from '../../../src/data/files/duckdb.ts';
import { make, type SyntheticSource } from '../../../src/plugins/sets/synthetic.ts';

const root = mkdtempSync(join(tmpdir(), 'tower-synthetic-'));
let database: Database;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => {
  database.close();
  rmSync(root, { recursive: true });
});

const log = (): void => {};
// Cluster sizes differ by one: 307 items in 20 clusters.
const synthetic = { rows: 30_000, users: 500, items: 307, clusters: 20, seed: 5 };
const read = (folder: string, table: string) => database.rows(`SELECT * FROM '${folder}/${table}/*.parquet'`);

describe('a synthetic set', () => {
  const folder = join(root, 'known');
  let source: SyntheticSource;
  let hits: { oracle: number; popularity: number; random: number };
  const k = 10;

  beforeAll(async () => {
    source = await make({ folder, log, synthetic }, 10_000);
    const [events, items, users] = await Promise.all(['events', 'items', 'users'].map((name) => read(folder, name)));
    const size = new Map<number, number>();
    for (const { cluster } of items!) size.set(Number(cluster), (size.get(Number(cluster)) ?? 0) + 1);
    const harmonic = (n: number): number => Array.from({ length: n }, (_, i) => 1 / (i + 1)).reduce((a, b) => a + b);
    const best = (chance: (item: Readonly<Record<string, unknown>>) => number): Set<number> =>
      new Set(
        [...items!]
          .sort((a, b) => chance(b) - chance(a))
          .slice(0, k)
          .map(({ item_id }) => Number(item_id)),
      );
    const law = items!.map(({ cluster, rank }) => 1 / (Number(rank) + 1) / harmonic(size.get(Number(cluster))!));
    const lawOf = (item: Readonly<Record<string, unknown>>): number => law[Number(item.item_id)]!;
    // The structure as the guide states it: 0.6, 0.25 and 0.15.
    const oracle = users!.map(({ first, second }) =>
      best(
        (item) =>
          lawOf(item) * ((item.cluster === first ? 0.6 : 0) + (item.cluster === second ? 0.25 : 0) + 0.15 / size.size),
      ),
    );
    const counts = new Map<number, number>();
    for (const { item_id } of events!) counts.set(Number(item_id), (counts.get(Number(item_id)) ?? 0) + 1);
    const popular = best(({ item_id }) => counts.get(Number(item_id)) ?? 0);
    const share = (isHit: (user: number, item: number) => boolean): number =>
      events!.filter(({ user_id, item_id }) => isHit(Number(user_id), Number(item_id))).length / events!.length;
    hits = {
      oracle: share((user, item) => oracle[user]!.has(item)),
      popularity: share((_, item) => popular.has(item)),
      random: share((_, item) => item < k),
    };
  });

  it('gives an oracle of its structure the recall that it states', () => {
    const bound = source.bounds.find((each) => each.k === k)!;
    // Three standard errors of 30,000 events are below 0.0086; users are 500, whose two clusters vary in size by one item.
    expect(Math.abs(hits.oracle - bound.optimum)).toBeLessThan(0.009);
    expect(Math.abs(hits.popularity - bound.popularity)).toBeLessThan(0.02);
    expect(Math.abs(hits.random - bound.random)).toBeLessThan(0.03);
    expect(hits.popularity).toBeLessThan(bound.optimum / 2);
    expect(bound.optimum).toBeGreaterThan(0.5);
  });

  it('has every item once, each cluster and rank once, and users with two clusters', async () => {
    const items = await read(folder, 'items');
    expect(new Set(items.map(({ item_id }) => item_id)).size).toBe(307);
    expect(new Set(items.map(({ cluster, rank }) => `${cluster} ${rank}`)).size).toBe(307);
    const users = await read(folder, 'users');
    expect(users).toHaveLength(500);
    expect(users.every(({ first, second }) => first !== second)).toBe(true);
  });

  it('is the same whatever the size of its files, and another with another seed', async () => {
    const [other, third] = [join(root, 'other'), join(root, 'third')];
    await make({ folder: other, log, synthetic }, 7_919);
    await make({ folder: third, log, synthetic: { ...synthetic, seed: 6 } }, 10_000);
    for (const table of ['events', 'items', 'users']) {
      const once = await read(folder, table);
      expect(await read(other, table)).toEqual(once);
      expect(await read(third, table)).not.toEqual(once);
    }
  });

  it('is the start of a longer set, and times follow the rows', async () => {
    const longer = join(root, 'longer');
    await make({ folder: longer, log, synthetic: { ...synthetic, rows: 31_000 } }, 10_000);
    const rows = await read(folder, 'events');
    expect((await read(longer, 'events')).slice(0, rows.length)).toEqual(rows);
    expect(rows.every(({ time }, at) => Number(time) === 1_767_225_600_000 + at)).toBe(true);
  });

  it('goes on after the files that are there, and is left alone where it is whole', async () => {
    const cut = join(root, 'cut');
    const control = new AbortController();
    const stopped = make(
      {
        folder: cut,
        log,
        synthetic,
        signal: control.signal,
        progress: (done) => done > 20_500 && control.abort(new Error('stopped')),
      },
      10_000,
    );
    await expect(stopped).rejects.toThrow('stopped');
    const first = readFileSync(join(cut, 'events/000000.parquet'));
    writeFileSync(join(cut, 'events/.000001.parquet.1-0.partial'), 'half');
    await make({ folder: cut, log, synthetic }, 10_000);
    expect(readFileSync(join(cut, 'events/000000.parquet'))).toEqual(first);
    expect(await read(cut, 'events')).toEqual(await read(folder, 'events'));
    const said: string[] = [];
    await make({ folder: cut, log: (line) => said.push(line), synthetic }, 10_000);
    expect(said).toEqual([`${cut} has it already`]);
  });

  it.each([
    ['other-synthetic-set', { folder, synthetic: { ...synthetic, seed: 6 } }],
    ['synthetic-shape', { folder: join(root, 'none'), synthetic: { ...synthetic, items: 10, clusters: 11 } }],
    ['synthetic-shape', { folder: join(root, 'none'), synthetic: { items: 2e9, clusters: 100 } }],
    ['disk-too-small', { folder: join(root, 'large'), synthetic: { rows: 1e15 } }],
  ])('refuses with %s', async (code, options) => {
    const refused = (await make({ ...options, log }, 10_000).catch((error) => error)) as Failure;
    expect(refused.diagnostics[0]).toMatchObject({ code });
  });
});
