import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BagColumn, IndexedColumn } from '../../src/data/dataset.ts';
import { makePreparer } from '../../src/retrieval/prepare.ts';
import { joinColumns, makeQueryAnswerer, makeUserVectorCache } from '../../src/retrieval/query_answerer.ts';
import { makeRecommender, type Recommender } from '../../src/serving/live/recommender.ts';
import { valueAt } from '../data/fixture.ts';
import fc from '../fast_check.ts';
import { plainEngine } from '../training/plain_engine.ts';
import { dataset, trainSmall } from '../training/trained.ts';

/** Vectors of users that are kept change no answer, and stay within their memory. */
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

const codes = fc.array(fc.integer({ min: -1, max: 9 }), { minLength: 1, maxLength: 4 });
const indexed = (rows: number): fc.Arbitrary<Int32Array | undefined> =>
  fc.option(
    fc.nat(rows - 1).map((row) => Int32Array.of(row)),
    { nil: undefined },
  );
const withIndex = (column: IndexedColumn['column'], rows: number): fc.Arbitrary<IndexedColumn> =>
  indexed(rows).map((index) => (index ? { column, index } : { column }));
function bagsOf(lists: readonly (readonly number[])[]): BagColumn {
  const ends = Int32Array.from(lists, (_, i) => lists.slice(0, i + 1).flat().length);
  const starts = ends.map((end, i) => end - lists[i]!.length);
  return { kind: 'bags', starts, ends, values: Int32Array.from(lists.flat()) };
}

/** Bags of bags: of each list the place of its elements among `inner`. */
const inside = fc
  .tuple(fc.array(codes, { minLength: 1, maxLength: 4 }), fc.array(fc.array(fc.nat(9)), { minLength: 1, maxLength: 3 }))
  .chain(([inner, lists]) => {
    const elements = lists.map((list) => list.map((element) => element % inner.length));
    return withIndex({ ...bagsOf(elements), inner: bagsOf(inner) }, lists.length);
  });
const question = fc.record({
  inside,
  code: codes.chain((values) => withIndex({ kind: 'codes', values: Int32Array.from(values) }, values.length)),
  numbers: codes.chain((values) =>
    withIndex({ kind: 'numbers', width: 2, values: Float32Array.from([...values, ...values]) }, values.length),
  ),
  bag: fc.array(codes, { minLength: 1, maxLength: 3 }).chain((lists) => {
    const column = bagsOf(lists);
    const weights = fc.option(fc.constant(Float32Array.from(column.values, (value) => value / 2)), { nil: undefined });
    return weights.chain((own) => withIndex({ ...column, ...(own ? { weights: own } : {}) }, lists.length));
  }),
});

/** What each element of a bag counts. */
function weightsAt({ column, index }: IndexedColumn, row: number): number[] {
  if (column.kind !== 'bags') return [];
  const bag = index ? index[row]! : row;
  const { starts, ends, weights } = column;
  return Array.from({ length: ends[bag]! - starts[bag]! }, (_, i) => weights?.[starts[bag]! + i] ?? 1);
}

it('has row 0 of each question as a row', () => {
  fc.assert(
    fc.property(fc.array(question, { minLength: 1, maxLength: 6 }), (questions) => {
      const joined = joinColumns(questions.map((each) => new Map(Object.entries(each))));
      questions.forEach((each, row) => {
        for (const [name, column] of Object.entries(each)) {
          expect(valueAt(joined.get(name)!, row), name).toEqual(valueAt(column, 0));
          expect(weightsAt(joined.get(name)!, row), name).toEqual(weightsAt(column, 0));
        }
      });
    }),
  );
});
