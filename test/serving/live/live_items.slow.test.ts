/** Law: after any writes, every answer is that of a snapshot made from scratch of the items that there are, and older snapshots answer as before. */
import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { columnsFrom } from '../../../src/retrieval/filter/filter_columns.ts';
import { makeSnapshot, type Snapshot, type TopRequest } from '../../../src/retrieval/snapshot.ts';
import { type ItemChange, makeLiveItems } from '../../../src/serving/live/live_items.ts';

interface Item {
  readonly key: string;
  readonly title: string;
  readonly vector: Float32Array;
  readonly year: number | undefined;
  readonly country: string | undefined;
  readonly genres: readonly string[] | undefined;
  readonly fresh: boolean | undefined;
}

const objectives = [
  { name: 'click', from: 0, to: 3, factor: 0.5 },
  { name: 'like', from: 3, to: 6, factor: 1 },
];
const users = ['ann', 'bob', 'eve'];
/** Keys of the items that each user has had, one of no item among them. */
const had = [['a3', 'a70', 'a3', 'gone'], [], ['a0', 'a1', 'a64', 'a65']];

/** @param known items of the data: what users had of others is not known */
function snapshotOf(items: readonly Item[], width: number, known: ReadonlySet<string>): Snapshot {
  const rowOf = new Map(items.map(({ key }, row) => [key, row]));
  const rows = had.map((keys) => keys.map((key) => (known.has(key) ? (rowOf.get(key) ?? -1) : -1)));
  const ends = Int32Array.from(rows, (_, user) => rows.slice(0, user + 1).flat().length);
  return makeSnapshot({
    version: 'v',
    items: {
      vectors: { data: Float32Array.from(items.flatMap(({ vector }) => [...vector])), rows: items.length, width },
      keys: items.map(({ key }) => key),
      titles: items.map(({ title }) => title),
      columns: columnsFrom(
        new Map([
          ['year', { kind: 'number', values: items.map(({ year }) => year) }],
          ['country', { kind: 'text', values: items.map(({ country }) => country) }],
          ['genres', { kind: 'texts', values: items.map(({ genres }) => genres) }],
          ['fresh', { kind: 'truth', values: items.map(({ fresh }) => fresh) }],
        ] as const),
      ),
    },
    users: {
      keys: users,
      seen: {
        kind: 'bags',
        starts: ends.map((end, user) => end - rows[user]!.length),
        ends,
        values: Int32Array.from(rows.flat()),
      },
    },
    objectives,
  });
}

const filters = [
  undefined,
  'year >= 1990',
  "'War' in genres or fresh",
  "country = 'NL' and not (year = 1980)",
  'genres is not null',
  "country in ('BE', 'DE')",
];

/** What anybody can see of an answer: rows are numbers of its own. */
const seenOf = (snapshot: Snapshot, requests: readonly TopRequest[]) =>
  snapshot.top(requests).map(({ items, candidates, unknown, version }) => ({
    items: items.map(({ row, ...item }) => {
      expect(snapshot.keyAt(row)).toBe(item.key);
      return { ...item, values: snapshot.valuesOf(row, [...snapshot.columns.keys()]) };
    }),
    ...{ candidates, unknown, version },
  }));

describe('items that are written', () => {
  it.each([1, 2, 3, 4, 5, 6])('answer as a snapshot made from scratch: %i', async (seed) => {
    const random = makeRandom(seed);
    const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]!;
    const width = 6;
    // Few values in some runs: many items have equal scores, and their order shows.
    const number =
      seed % 2 === 0 ? () => random.integer(3) - 1 : () => Math.fround(random.next() * 2 - 1) * 10 ** random.integer(4);
    const makeItem = (key: string): Item => ({
      key,
      title: `${key} ${random.integer(100)}`,
      vector: Float32Array.from({ length: width }, number),
      year: pick([undefined, 1980, 1990, 2000]),
      country: pick([undefined, 'NL', 'BE', 'DE']),
      genres: pick([undefined, [], ['War'], ['Drama', 'War']]),
      fresh: pick([undefined, true, false]),
    });
    let items = Array.from({ length: [0, 64, 200][seed % 3]! }, (_, row) => makeItem(`a${row}`));
    const known = new Set(items.map(({ key }) => key));
    const live = makeLiveItems(snapshotOf(items, width, known));
    const request = (): TopRequest => {
      const filter = pick(filters);
      const seenBy = pick([undefined, ...users]);
      return {
        vectors: Array.from({ length: 1 + random.integer(2) }, () => Float32Array.from({ length: width }, number)),
        k: pick([0, 1, 5, 20, 400]),
        shares: true,
        ...(filter === undefined ? {} : { filter }),
        ...(seenBy === undefined ? {} : { seenBy }),
        ...(random.integer(3) === 0 ? { exclude: ['a1', 'b2', 'nothing'] } : {}),
        ...(random.integer(3) === 0 ? { weights: { click: pick([0, 2, -1]) } } : {}),
      };
    };
    const older: { snapshot: Snapshot; requests: TopRequest[]; answers: unknown }[] = [];

    for (let batch = 0; batch < 25; batch++) {
      const changes: ItemChange[] = [];
      for (let i = 0; i <= random.integer(12); i++) {
        const key = `${pick(['a', 'a', 'b'])}${random.integer(batch % 2 === 0 ? 200 : 12)}`;
        const without = items.filter((item) => item.key !== key);
        if (random.integer(3) === 0) {
          items = without;
          changes.push({ delete: key });
          continue;
        }
        const item = makeItem(key);
        items = [...without, item];
        const { vector, title, year, country, genres, fresh } = item;
        const values = new Map<string, unknown>(Object.entries({ year, country, genres, fresh }));
        changes.push({ put: { key, title, vector, values } });
      }
      live.apply(changes);
      const { snapshot } = live;
      const scratch = snapshotOf(items, width, known);
      const requests = Array.from({ length: 4 }, request);
      expect(seenOf(snapshot, requests)).toEqual(seenOf(scratch, requests));
      const near = requests.map(({ weights: _, shares: __, ...each }) => each);
      const cosines = (of: Snapshot) =>
        of
          .orderDirections()
          .top(near)
          .map(({ items }) => items.map(({ key, score }) => [key, score]));
      expect(cosines(snapshot)).toEqual(cosines(scratch));
      expect(snapshot.count).toBe(items.length);
      for (const key of ['a1', 'a3', 'b2', 'nothing']) {
        const [row, own] = [snapshot.itemRow(key), scratch.itemRow(key)];
        expect(row < 0).toBe(own < 0);
        if (row >= 0) expect(snapshot.itemVector(row)).toEqual(scratch.itemVector(own));
      }
      users.forEach((_, user) => {
        const keysOf = (of: Snapshot) => of.seenBy(user).map(of.keyAt);
        expect(keysOf(snapshot)).toEqual(keysOf(scratch));
      });
      older.push({ snapshot, requests, answers: seenOf(snapshot, requests) });
    }
    // Tables of the corpus know the rows of the data, and none of what came later.
    expect(live.snapshot.corpusRow('b2')).toBe(-1);
    for (const { snapshot, requests, answers } of older) expect(seenOf(snapshot, requests)).toEqual(answers);
  });

  it('drops ended slots, and answers as before', async () => {
    const random = makeRandom(7);
    const vector = (): Float32Array => Float32Array.from({ length: 4 }, () => random.next());
    const live = makeLiveItems(
      makeSnapshot({ version: 'v', items: { vectors: { data: new Float32Array(0), rows: 0, width: 4 }, keys: [] } }),
    );
    for (let i = 0; i < 6000; i++) live.apply([{ put: { key: `k${i % 900}`, vector: vector(), values: new Map() } }]);
    live.apply([{ delete: 'k5' }]);
    const before = live.snapshot;
    const request = { vectors: [vector()], k: 1000, exclude: ['k7'] };
    const answer = (snapshot: Snapshot) => snapshot.top([request])[0]!.items.map(({ key, score }) => [key, score]);
    const answers = answer(before);
    await live.tidy();
    expect(before.rows).toBe(6000);
    expect(live.snapshot.rows).toBe(899);
    expect(answers).toHaveLength(898);
    expect(answer(live.snapshot)).toEqual(answers);
    expect(answer(before)).toEqual(answers);
  });

  it('moves items between segments while others are written, changed and deleted', async () => {
    const random = makeRandom(8);
    const empty = { data: new Float32Array(0), rows: 0, width: 2 };
    const live = makeLiveItems(makeSnapshot({ version: 'v', items: { vectors: empty, keys: [] } }));
    const expected = new Map<string, number>();
    const change = (key: string, score: number | undefined): ItemChange => {
      expected.delete(key);
      if (score === undefined) return { delete: key };
      expected.set(key, score);
      // Of unequal lengths: cosines have a scan of their own.
      return { put: { key, vector: Float32Array.of(score, 1), values: new Map() } };
    };
    const check = (): void => {
      const found = live.snapshot.top([{ vectors: [[1, 0]], k: 40_000 }])[0]!.items;
      expect(found.length).toBe(expected.size);
      for (const { key, score } of found) if (expected.get(key) !== score) throw new Error(`${key} has ${score}`);
      const near = live.snapshot.orderDirections().top([{ vectors: [[0, 1]], k: 1 }])[0]!.items[0]!;
      expect(near.score).toBeCloseTo(1 / Math.hypot(1, Math.min(...expected.values())), 5);
    };
    const batch = (keys: number): ItemChange[] =>
      Array.from({ length: 500 }, () => {
        const isGone = random.integer(10) === 0;
        return change(`k${random.integer(keys)}`, isGone ? undefined : random.integer(1000));
      });
    for (let i = 0; i < 90; i++) live.apply(batch(20_000));
    check();
    let isOver = false;
    const tidying = live.tidy().then(() => (isOver = true));
    let meanwhile = 0;
    while (!isOver) {
      live.apply(batch(21_000));
      meanwhile++;
      if (meanwhile % 8 === 0) check();
      await new Promise((later) => setImmediate(later));
    }
    await tidying;
    expect(meanwhile).toBeGreaterThan(20);
    check();
    expect(live.snapshot.rows).toBeLessThan(expected.size + 500 * (meanwhile + 1));
  });
});
