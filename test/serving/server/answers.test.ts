/** Answers are those of the recommender, and of exact arithmetic. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { AnsweredItem } from '../../../src/serving/server/schemas.ts';
import type { Server } from '../../../src/serving/server/server.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { ask, corpus, dataset, type Served, serveSmall, users } from './served.ts';

const root = temporaryFolder();
let served: Served;
let server: Server;

beforeAll(async () => {
  served = await serveSmall(root);
  server = await served.server();
});

const recommend = (body: unknown) => ask(server, '/v1/recommend', body);

describe('recommend', () => {
  it('answers each user as the recommender does, alone and in an array', async () => {
    const bodies = [...users.keys].map((user, at) => ({ user, k: (at % 7) + 1, removeSeen: at % 2 === 0, history: 3 }));
    const expected = await Promise.all(
      bodies.map(async ({ user, k, removeSeen, history }) => {
        const answer = await served.recommender.ask({ key: user }, { k, removeSeen });
        return {
          version: 'v1',
          user,
          items: answer.items,
          history: answer.history.slice(0, history),
          notes: ['A note.', ...answer.notes],
        };
      }),
    );
    expect(await recommend(bodies)).toMatchObject({ status: 200, body: expected });
    for (const [at, body] of bodies.entries()) {
      const answer = await recommend(body);
      expect(answer.body).toEqual({ request: answer.headers['x-request-id'], ...expected[at] });
    }
    const ids = (await ask(server, '/v1/recommend', bodies, { 'x-request-id': 'page-7' })).body;
    expect(bodies.map((_, at) => ids[at]!.request)).toEqual(bodies.map((_, at) => `page-7.${at}`));
  });

  it('answers feature values of a user that training did not see, and context in place of what is known', async () => {
    const values = { user_id: 'nobody', history: ['m1', 'm2'] };
    const answer = await served.recommender.ask({ values }, { k: 5 });
    expect((await recommend({ values, k: 5 })).body).toEqual({
      request: expect.any(String),
      version: 'v1',
      items: answer.items,
      notes: ['A note.', ...answer.notes],
    });
    const { items } = await served.recommender.ask({ key: 'u3', values: { history: ['m1'] } }, { k: 5 });
    expect((await recommend({ user: 'u3', values: { history: ['m1'] }, k: 5 })).body.items).toEqual(items);
  });

  it('answers a vector by inner products, without what its user has seen', async () => {
    const { snapshot } = served.recommender;
    const vector = [...snapshot.itemVector(3)].map((each, at) => each + at / 8);
    const scoreOf = (row: number): number =>
      snapshot.itemVector(row).reduce((sum, each, at) => sum + each * Math.fround(vector[at]!), 0);
    const best = (rows: readonly number[]) =>
      rows.map((row) => [corpus.keys.at(row), scoreOf(row)] as const).sort((a, b) => b[1] - a[1]);
    const rows = [...corpus.keys].map((_, row) => row);
    const close = (pairs: readonly (readonly [string | undefined, number])[]) =>
      pairs.map(([key, score]) => [key, expect.closeTo(score, 6)]);
    const given = async (body: object) =>
      (await recommend({ vector, k: 24, ...body })).body.items.map((item) => [item.key, item.score]);
    expect(await given({})).toEqual(close(best(rows)));
    const seen = dataset.users.seen.values.subarray(users.seen.starts[2], users.seen.ends[2]);
    expect(await given({ user: 'u2' })).toEqual(close(best(rows.filter((row) => !seen.includes(row)))));
    expect(await given({ user: 'u2', removeSeen: false })).toEqual(close(best(rows)));
    const { history } = (await recommend({ vector, user: 'u2', history: 2 })).body;
    expect(history.map((item) => item.key)).toEqual(
      [...seen]
        .reverse()
        .slice(0, 2)
        .map((row) => `m${row}`),
    );
  });

  it('filters, excludes, weighs and shows columns, null where there is no value', async () => {
    const all = (await recommend({ user: 'u3', k: 24, removeSeen: false })).body.items;
    const year = (item: AnsweredItem): number => 1980 + Number(item.key.slice(1));
    const filtered = await recommend({
      user: 'u3',
      k: 24,
      removeSeen: false,
      filter: "year >= 1990 and 'Drama' in genres",
      exclude: ['m12', 'nothing'],
      columns: ['year', 'genres'],
    });
    const left = all.filter((item) => year(item) >= 1990 && year(item) % 2 === 0 && item.key !== 'm12');
    expect(filtered.body.items).toEqual(
      left.map((item) => ({ ...item, columns: { year: year(item), genres: ['Drama', 'War'] } })),
    );
    expect(filtered.body.notes.at(-1)).toBe('No item has the key `nothing`, so nothing was excluded by it.');
    const odd = await recommend({
      user: 'u3',
      k: 24,
      removeSeen: false,
      filter: 'year = 1981',
      columns: ['year', 'country', 'genres', 'new'],
    });
    expect(odd.body.items[0]!.columns).toEqual({ year: 1981, country: 'BE', genres: null, new: false });
    const doubled = (await recommend({ user: 'u3', k: 24, removeSeen: false, weights: { watch: 2 } })).body.items;
    expect(doubled.map((item) => item.key)).toEqual(all.map((item) => item.key));
    expect(doubled[0]!.score).toBeCloseTo(2 * all[0]!.score, 6);
  });

  it('gives pages of one list, of the version that the first page names', async () => {
    const all = (await recommend({ user: 'u3', k: 9 })).body;
    const { version } = all as unknown as { readonly version: string };
    const pages = [0, 3, 6].map((offset) => ({ user: 'u3', k: 3, offset, version }));
    expect((await recommend(pages)).body).toMatchObject(
      [0, 3, 6].map((offset) => ({ items: all.items.slice(offset, offset + 3) })),
    );
    const similar = (await ask(server, '/v1/similar', { item: 'm1', k: 4 })).body.items;
    expect((await ask(server, '/v1/similar', { item: 'm1', k: 2, offset: 2 })).body.items).toEqual(similar.slice(2));
    const other = await recommend([{ user: 'u3' }, { user: 'u3', offset: 3, version: 'v0' }]);
    expect(other.status).toBe(400);
    expect(other.body.errors).toMatchObject([{ code: 'unknown-name', at: '/1/version' }]);
    expect(other.body.errors[0].message).toBe('there is no version called `v0`');
  });

  it('limits values of columns and diversifies, and says where a mistake is', async () => {
    const { items } = (await recommend({ user: 'u3', k: 4, most: { country: 1 }, columns: ['country'] })).body;
    const countries = items.map((item) => item.columns!.country).filter((each) => each !== null);
    expect(new Set(countries).size).toBe(countries.length);
    const plain = (await recommend({ user: 'u3', k: 4 })).body.items;
    expect((await recommend({ user: 'u3', k: 4, diversity: 0 })).body.items).toEqual(plain);
    expect((await recommend({ user: 'u3', k: 4, diversity: 0.9 })).body.items).not.toEqual(plain);
    const placeOf = async (body: object) => (await recommend({ user: 'u3', ...body })).body.errors[0].at;
    expect(
      await placeOf({
        boost: [
          { filter: 'year > 1', weight: 1 },
          { filter: 'yea > 1', weight: 1 },
        ],
      }),
    ).toBe('/boost/1/filter');
    expect(await placeOf({ bury: [{ filter: 'year', weight: 1 }] })).toBe('/bury/0/filter');
    expect(await placeOf({ bury: [{ filter: 'new and', weight: 1 }] })).toBe('/bury/0/filter');
    expect(await placeOf({ most: { coutry: 1 } })).toBe('/most/coutry');
    expect(await placeOf({ most: { country: 0 } })).toBe('/most/country');
    expect(await placeOf({ diversity: 2 })).toBe('/diversity');
    expect(await placeOf({ diversity: 0.5, candidates: 5 })).toBe('/candidates');
  });

  it('gives the seed and the probabilities of drawn items, and logs what it shows where that is asked for', async () => {
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    const logging = await served.server({ log, logsShown: true });
    const exploration = { share: 0.5, filter: 'year > 1985', seed: 3 };
    const bodies = [
      { user: 'u3', k: 4, offset: 2, exploration },
      { user: 'u4', k: 1 },
    ];
    const answered = (await ask(logging, '/v1/recommend', bodies, { 'x-request-id': 'page-7' })).body;
    const [first, second] = [answered[0]!, answered[1]!];
    expect(first).toMatchObject({ request: 'page-7.0', seed: 3 });
    expect(first.items.every(({ probability }) => probability! > 0 && probability! <= 1)).toBe(true);
    const { items: similar } = (await ask(logging, '/v1/similar', { item: 'm1', k: 1 })).body;
    const shown = lines.map((line) => JSON.parse(line)).filter((line) => 'shown' in line);
    const itemOf = ({ key, score, probability }: AnsweredItem) =>
      probability === undefined ? { key, score } : { key, score, probability };
    const common = { time: expect.any(String), level: 'info', version: 'v1', route: '/v1/recommend' };
    expect(shown).toEqual([
      { ...common, shown: 'page-7.0', user: 'u3', offset: 2, seed: 3, items: first.items.map(itemOf) },
      { ...common, shown: 'page-7.1', user: 'u4', items: second.items.map(itemOf) },
      { ...common, route: '/v1/similar', shown: expect.any(String), item: 'm1', items: similar.map(itemOf) },
    ]);
    const quiet: string[] = [];
    await ask(await served.server({ log: (line) => void quiet.push(line) }), '/v1/recommend', bodies);
    expect(quiet.some((line) => line.includes('u3') || line.includes('"items"'))).toBe(false);
  });

  it('says to which past items an item owes its score: the score without them is lower', async () => {
    const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, each, at) => sum + each * b[at]!, 0);
    const { answers } = served;
    // The model reads the latest five.
    const past = (await recommend({ user: 'u3', k: 1, history: 5 })).body.history.map(({ key }) => key).reverse();
    let compared = 0;
    for (const body of [{ values: { history: ['m1', 'm2', 'm3', 'm1'] } }, { user: 'u3' }]) {
      const history = 'values' in body ? body.values!.history : past;
      const plain = (await recommend({ ...body, k: 6 })).body;
      const { items } = (await recommend({ ...body, k: 6, because: 100 })).body;
      expect(items.map(({ because: _, ...item }) => item)).toEqual(plain.items);
      for (const { key, score, because } of items) {
        const item = (await answers.vectors({ item: key }))[0]!;
        const scoreWithout = async (left: string): Promise<number> => {
          const values = { history: history.filter((each) => each !== left) };
          const [vector] = await answers.vectors({ ...body, values });
          return dot(vector!, item);
        };
        expect(because!.map((each) => each.score)).toEqual(because!.map((each) => each.score).sort((a, b) => b - a));
        for (const reason of because!) {
          expect(score - reason.score).toBeCloseTo(await scoreWithout(reason.key), 5);
          expect(history).toContain(reason.key);
          compared++;
        }
      }
    }
    expect(compared).toBeGreaterThan(10);
    const { errors } = (await recommend({ vector: [...(await answers.vectors({ item: 'm1' }))[0]!], because: 1 })).body;
    expect(errors[0]).toMatchObject({ code: 'request-value', at: '/because' });
  });

  it('answers without past items for users of the data on average', async () => {
    const { answers } = served;
    const vectors = await Promise.all([...users.keys].map(async (user) => (await answers.vectors({ user }))[0]!));
    const mean = [...vectors[0]!.keys()].map(
      (at) => vectors.reduce((sum, each) => sum + each[at]!, 0) / vectors.length,
    );
    const expected = (await recommend({ vector: mean, k: 8 })).body.items;
    const { items, notes } = (await recommend({ user: 'nobody', average: [], k: 8 })).body;
    expect(items).toEqual(expected.map((item) => ({ ...item, score: expect.closeTo(item.score, 5) })));
    expect(notes.at(-1)).toContain('for users of the data on average');
    expect((await recommend({ values: {}, average: [], k: 8 })).body.items).toEqual(items);
    expect((await recommend({ values: {}, average: ['x'] })).body.errors).toMatchObject([{ at: '/average/x' }]);
    expect((await recommend({ values: {}, average: ['history'] })).body.errors).toMatchObject([{ at: '/average' }]);
  });

  it('takes whole numbers as keys', async () => {
    const asNumber = await recommend({ user: 7 });
    expect(asNumber.body).toEqual({ ...(await recommend({ user: '7' })).body, request: asNumber.body.request });
    expect(asNumber.body.user).toBe('7');
  });
});

it('similar: the items by the cosine of their vectors, without the item', async () => {
  const { snapshot } = served.recommender;
  const cosine = (a: number, b: number): number => {
    const [x, y] = [snapshot.itemVector(a), snapshot.itemVector(b)];
    const product = (v: Float32Array, w: Float32Array): number => v.reduce((sum, each, at) => sum + each * w[at]!, 0);
    return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
  };
  for (const of of [0, 7, 23]) {
    const expected = [...corpus.keys]
      .map((key, row) => ({ key, title: corpus.titles!.at(row), score: expect.closeTo(cosine(of, row), 6), row }))
      .filter(({ row }) => row !== of)
      .sort((a, b) => cosine(of, b.row) - cosine(of, a.row))
      .map(({ row: _, ...item }) => item);
    const { body, status } = await ask(server, '/v1/similar', { item: `m${of}`, k: 30 });
    expect(status).toBe(200);
    expect(body).toEqual({
      request: expect.any(String),
      version: 'v1',
      item: `m${of}`,
      items: expected,
      notes: ['A note.'],
    });
  }
  const filtered = await ask(server, '/v1/similar', [
    { item: 'm0', k: 3, filter: "country = 'NL'", exclude: ['m3'], columns: ['country'] },
  ]);
  expect(filtered.body[0]!.items.map((item) => item.columns!.country)).toEqual(['NL', 'NL', 'NL']);
  expect(filtered.body[0]!.items.map((item) => item.key)).not.toContain('m3');
});

it('gives the vectors that an answer rests on', async () => {
  const { answers } = served;
  for (const question of [
    { user: 'u3' },
    { values: { history: ['m1', 'm2'] } },
    { user: 'u4', values: { history: [] } },
  ]) {
    const [vector, ...others] = await answers.vectors(question);
    expect(others).toEqual([]);
    const { items } = await answers.recommend({ ...question, k: 5 });
    for (const { key, score } of items) {
      const item = (await answers.vectors({ item: key }))[0]!;
      expect(item.reduce((sum, each, at) => sum + each * vector![at]!, 0)).toBeCloseTo(score, 6);
    }
  }
  const asked = [{ user: 'u3' }, { item: 'm1' }];
  const [query, item] = await Promise.all(asked.map(async (body) => [...(await answers.vectors(body))[0]!]));
  const version = 'v1';
  const { body } = await ask(server, '/v1/vectors', asked);
  expect(body).toEqual([
    { version, vectors: [query] },
    { version, vectors: [item] },
  ]);
  expect((await ask(server, '/v1/vectors', asked[1])).body).toEqual({ version, vectors: [item] });
  for (const [wrong, at, reason] of [
    [{}, '/user', 'is missing'],
    [{ user: 'u3', item: 'm1' }, '/item', 'is given next to a query'],
    [{ item: 'nothing' }, '/item', 'no item called `nothing`'],
    [{ user: 'u3', k: 3 }, '/k', ''],
  ] as const) {
    const refused = await ask(server, '/v1/vectors', wrong);
    expect([refused.status, refused.body.errors]).toMatchObject([
      400,
      [{ at, message: expect.stringContaining(reason) }],
    ]);
  }
});
