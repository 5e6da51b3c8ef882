/** Items that are written over HTTP, on a run of real files: what is answered is in the next answer, and no body breaks the routes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { load, type Run, type Serving, serve, train } from '../../../src/api.ts';
import { codes } from '../../../src/diagnostics/codes.ts';
import fc from '../../fast_check.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
const numRuns = Number(process.env.FUZZ_RUNS || 300);
let run: Run;
let server: Serving;

beforeAll(async () => {
  const genres = ['Drama', 'War', 'Comedy'];
  const films = Array.from({ length: 30 }, (_, at) => `f${at},Film ${at},${genres[at % 3]},${1990 + at}`);
  const events = Array.from({ length: 240 }, (_, at) => `u${at % 12},f${(at * 7) % 30},${at}`);
  writeFileSync(join(root, 'films.csv'), `film,title,genre,year\n${films.join('\n')}\n`);
  writeFileSync(join(root, 'events.csv'), `person,film,moment\n${events.join('\n')}\n`);
  writeFileSync(
    join(root, 'data.tower'),
    `data films {
      events = "events.csv", items = "films.csv" by film
      columns { user = "person" }
      time = "moment", split = by_time(validation: 10%, test: 10%)
    }`,
  );
  writeFileSync(
    join(root, 'model.tower'),
    `model films
    features { user : id(dim: 4), film : id(dim: 4), genre : category(dim: 4), year : number(boundaries: [2000], dim: 2) }
    tower person(user) keyed by user { channel main = user -> flatten -> dense(4) }
    tower movie(film, genre, year) keyed by film { channel main = concat(film, genre, year) -> dense(4) }
    task watch { score = dot(person, movie), loss = softmax(in_batch) }
    train { batch = 32, epochs = 1 }`,
  );
  const data = join(root, 'data.tower');
  await train(join(root, 'model.tower'), { data, out: join(root, 'run') });
  run = await load(join(root, 'run'));
  server = await open();
}, 120_000);
afterAll(async () => {
  await server?.close();
  await run?.close();
});

const open = (items: string | undefined = join(root, 'written')): Promise<Serving> =>
  serve(run, { port: 0, ...(items === '' ? {} : { items }) });

async function ask(method: string, path: string, body?: string, to = server) {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await fetch(`${to.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  return { status: answer.status, body: await answer.json() };
}
const put = (key: string, columns: object, to?: Serving) =>
  ask('PUT', `/v1/items/${encodeURIComponent(key)}`, JSON.stringify(columns), to);
const found = async (filter: string, to?: Serving): Promise<object[]> =>
  (await ask('POST', '/v1/recommend', JSON.stringify({ user: 'u1', filter, columns: ['year'] }), to)).body.items.map(
    ({ score: _, ...item }: { readonly score: number }) => item,
  );

it('a written item is in the next answer, a changed one as it was written last, and a deleted one in none', async () => {
  const item = { title: 'A new film', genre: 'War', year: 2031 };
  expect(await put('new/1', item)).toEqual({ status: 200, body: { key: 'new/1', outcome: 'added' } });
  expect(await found('year > 2020')).toEqual([{ key: 'new/1', title: 'A new film', columns: { year: 2031 } }]);
  expect((await put('new/1', { ...item, title: 'Its name', year: 2040 })).body.outcome).toBe('changed');
  expect(await found('year > 2020')).toEqual([{ key: 'new/1', title: 'Its name', columns: { year: 2040 } }]);
  expect((await put('f0', { ...item, year: 2050 })).body.outcome).toBe('changed');
  expect((await found('year > 2020')).length).toBe(2);
  expect((await ask('DELETE', '/v1/items/new%2F1')).body).toEqual({ key: 'new/1', outcome: 'deleted' });
  expect(await found('year > 2020')).toEqual([{ key: 'f0', title: 'A new film', columns: { year: 2050 } }]);
});

it('a server that starts again has what was written', async () => {
  await put('kept', { title: 'Kept', genre: 'Opera', year: null });
  await server.close();
  server = await open();
  expect(await found("title = 'Kept'")).toEqual([{ key: 'kept', title: 'Kept', columns: { year: null } }]);
});

it('several are written all together or not at all', async () => {
  const writes = [
    { key: 'm1', columns: { title: 'One', genre: 'War', year: 2061 } },
    { key: 'm2', columns: { title: 'Two', genre: 'War', yaer: 2061 } },
  ];
  const refused = await ask('POST', '/v1/items', JSON.stringify(writes));
  expect(refused.status).toBe(400);
  expect(refused.body.errors[0]).toMatchObject({ code: 'unknown-name', at: '/1/columns/yaer' });
  expect(await found('year > 2060')).toEqual([]);
});

it.each<[string, string, object | unknown[], string, string]>([
  ['a column that there is not', 'x', { title: 'X', yaer: 1 }, 'unknown-name', '/yaer'],
  ['a value of another type', 'x', { title: 'X', year: 'soon' }, 'item-value', '/year'],
  ['an array in place of an item', 'x', [], 'request-body', ''],
])('refuses %s', async (_, key, columns, code, at) => {
  const { status, body } = await put(key, columns);
  expect({ status, code: body.errors[0].code, at: body.errors[0].at }).toEqual({ status: 400, code, at });
});

it('takes none without a folder', async () => {
  const closed = await open('');
  expect(await put('x', {}, closed)).toMatchObject({ status: 403, body: { errors: [{ code: 'items-closed' }] } });
  await closed.close();
});

it('no body and no key breaks a write', async () => {
  const value = fc.oneof(fc.constantFrom(null, 1990, 'War', true, -0, 1e300, '', []), fc.string(), fc.integer());
  const columns = fc.dictionary(fc.constantFrom('title', 'genre', 'year', 'film', 'x', '__proto__'), value);
  const key = fc.oneof(fc.constantFrom('f1', 'f2', 'new', '..', '%', '__proto__'), fc.string({ minLength: 1 }));
  const write = fc.record({ key, columns: fc.oneof(columns, fc.constant(null)) });
  const request = fc.oneof(
    fc.record({ method: fc.constant('PUT'), key, body: columns.map((body) => JSON.stringify(body)) }),
    fc.record({ method: fc.constant('PUT'), key, body: fc.string() }),
    fc.record({ method: fc.constant('DELETE'), key, body: fc.constant(undefined) }),
    fc.record({
      method: fc.constant('POST'),
      body: fc.array(write, { maxLength: 3 }).map((each) => JSON.stringify(each)),
    }),
    fc.record({ method: fc.constant('POST'), body: fc.json() }),
  );
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(request, async ({ method, body, ...rest }) => {
      const path = 'key' in rest ? `/v1/items/${encodeURIComponent(rest.key).replaceAll('.', '%2E')}` : '/v1/items';
      const answer = await ask(method, path, body);
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
      expect([200, 400, 404, 413]).toContain(answer.status);
      for (const { code } of answer.body.errors ?? []) {
        expect(Object.keys(codes)).toContain(code);
        expect(code).not.toBe('internal');
      }
    }),
    { numRuns },
  );
  for (const status of [200, 400]) expect(seen.get(status)).toBeGreaterThan(numRuns / 30);
  expect((await ask('GET', '/readyz')).status).toBe(200);
}, 3_600_000);
