/** Items that are written over HTTP, on a run of real files: what is answered is in the next answer. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { load, open as openModel, type Run, type Serving, serve } from '../../../../src/api.ts';
import { temporaryFolder } from '../../../training/temporary_folder.ts';
import { trainFilms } from '../films.ts';

const root = temporaryFolder();
let run: Run;
let server: Serving;

beforeAll(async () => {
  run = await load(await trainFilms(root), { engine: 'onnx' });
  server = await open();
}, 120_000);
afterAll(async () => {
  await server?.close();
  await run?.close();
});

const open = (items: string | undefined = join(root, 'written')): Promise<Serving> =>
  serve(run, { port: 0, ...(items === '' ? {} : { items }) });

async function ask(method: string, path: string, body?: string, to = server) {
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
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

it('items that were written again or deleted count once, or not at all', async () => {
  const counted = async (): Promise<number> => (await ask('GET', '/v1/versions')).body.current.items;
  const before = await counted();
  await put('f1', { title: 'Again', genre: 'War', year: 1991 });
  expect(await counted()).toBe(before);
  await put('one more', { title: 'One more', genre: 'War', year: 1991 });
  expect(await counted()).toBe(before + 1);
  await ask('DELETE', '/v1/items/one%20more');
  expect(await counted()).toBe(before);
});

it('a deletion may declare a content type, and be empty', async () => {
  await put('short', { title: 'Short', genre: 'War', year: 2070 });
  expect(await ask('DELETE', '/v1/items/short', '')).toEqual({
    status: 200,
    body: { key: 'short', outcome: 'deleted' },
  });
  expect((await ask('POST', '/v1/items', '')).body.errors[0].code).toBe('request-body');
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

it('computes writes that arrive while others are computed as if they were alone', async () => {
  const opened = await openModel(run, { takesItems: true });
  const keys = Array.from({ length: 12 }, (_, at) => `own-${at}`);
  const writesOf = (key: string) => [{ key, columns: { title: key, genre: 'War', year: 2031 } }];
  const changes = await Promise.all(keys.map((key) => opened.items!.prepare(writesOf(key))));
  expect(changes.map(([change]) => change)).toMatchObject(keys.map((key) => ({ put: { key, title: key } })));
  opened.items!.close();
  await opened.close();
});

it('takes none without a folder', async () => {
  const closed = await open('');
  expect(await put('x', {}, closed)).toMatchObject({ status: 403, body: { errors: [{ code: 'items-closed' }] } });
  await closed.close();
});
