/** Vectors of users that are kept change no answer, and stay within their memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeQueryAnswerer, makeUserVectorCache } from '../../../src/serving/serve/join_columns.ts';
import { makePreparer } from '../../../src/serving/serve/prepare.ts';
import { makeRecommender, type Recommender } from '../../../src/serving/serve/recommend.ts';
import { plainEngine } from '../../training/plain_engine.ts';
import { dataset, trainSmall } from '../../training/trained.ts';

const vectorsOf = (user: number, interests = 1): Float32Array[] =>
  Array.from({ length: interests }, (_, i) => Float32Array.of(user, i, user + 0.5, -user));
/** Of a vector of four numbers: the numbers, its user and its mark; and a place for each user. */
const bytesFor = (vectors: number, users: number): number => vectors * (4 * 4 + 5) + 4 * users;

describe('kept vectors', () => {
  it('are given back as they were, one for each interest', () => {
    const known = makeUserVectorCache(10, 10_000);
    expect(known.get(3)).toBeUndefined();
    known.put(3, vectorsOf(3, 2));
    expect(known.get(3)).toEqual(vectorsOf(3, 2));
    expect(known.get(4)).toBeUndefined();
    expect({ ...known.figures }).toEqual({ kept: 1, computed: 2, users: 1, room: 10 });
  });

  it('never take more than their memory, and stay right', () => {
    const known = makeUserVectorCache(1000, bytesFor(7, 1000));
    for (let i = 0; i < 5000; i++) {
      const user = (i * i * 31) % 1000;
      const found = known.get(user);
      if (found) expect(found).toEqual(vectorsOf(user));
      else known.put(user, vectorsOf(user));
      expect(known.figures.users).toBeLessThanOrEqual(7);
    }
    expect(known.figures).toMatchObject({ users: 7, room: 7 });
  });

  it('leave when others need the room: first those that nobody asked for again', () => {
    const known = makeUserVectorCache(100, bytesFor(3, 100));
    for (const user of [1, 2, 3]) known.put(user, vectorsOf(user));
    known.get(1);
    known.get(3);
    known.put(4, vectorsOf(4));
    expect([1, 2, 3, 4].map((user) => known.get(user) !== undefined)).toEqual([true, false, true, true]);
  });

  it('are copies: one that was given stays when its room is taken', () => {
    const known = makeUserVectorCache(100, bytesFor(1, 100));
    known.put(1, vectorsOf(1));
    const given = known.get(1);
    known.put(2, vectorsOf(2));
    expect([known.get(1), known.get(2)]).toEqual([undefined, vectorsOf(2)]);
    expect(given).toEqual(vectorsOf(1));
  });

  it('are none where not one fits', () => {
    const known = makeUserVectorCache(100, 10);
    known.put(1, vectorsOf(1));
    expect(known.get(1)).toBeUndefined();
    expect(known.figures.room).toBe(0);
  });
});

describe('answers with kept vectors', () => {
  const root = mkdtempSync(join(tmpdir(), 'tower-known-'));
  const asked = ['u1', 'u2', 'u3', 'u4', 'nobody'].map((key) => ({ question: { key }, options: { k: 6 } }));
  const withValues = { question: { key: 'u1', values: { history: ['m1', 'm2'] } }, options: { k: 6 } };
  let recommender: Recommender;
  let trained: Awaited<ReturnType<typeof trainSmall>>;
  beforeAll(async () => {
    trained = await trainSmall(root);
    recommender = await makeRecommender(trained, dataset, plainEngine);
  }, 60_000);
  afterAll(async () => {
    await recommender.close();
    rmSync(root, { recursive: true });
  });

  it('have the bits of those without', async () => {
    const known = makeUserVectorCache(recommender.snapshot.users, 2 ** 20);
    const expected = await recommender.askAll([...asked, withValues]);
    for (let time = 0; time < 3; time++) {
      expect(await recommender.askAll([...asked, withValues], undefined, known)).toEqual(expected);
    }
    // Those of the data, without values of a request: `nobody` is none.
    expect(known.figures).toMatchObject({ users: 4, kept: 8, computed: 4 });
    // Next to others than before.
    for (const [at, each] of asked.entries()) {
      expect(await recommender.askAll([withValues, each], undefined, known)).toEqual([expected.at(-1), expected[at]]);
    }
  });

  it('take only what is not known through the tower', async () => {
    const rows: number[] = [];
    const vector = Float32Array.from({ length: recommender.snapshot.width }, (_, i) => i);
    const asking = makeQueryAnswerer(recommender, makePreparer(trained, dataset), async (_, count) => {
      rows.push(count);
      const data = Float32Array.from({ length: count * vector.length }, (_, i) => vector[i % vector.length]!);
      return { data, rows: count, width: vector.length };
    });
    const known = makeUserVectorCache(recommender.snapshot.users, 2 ** 20);
    for (let time = 0; time < 3; time++) await asking.askAll(asked.slice(0, 4), undefined, known);
    await asking.askAll([...asked, withValues], undefined, known);
    expect(rows).toEqual([4, 2]);
  });
});
