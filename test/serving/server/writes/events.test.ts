/** Events that arrive over HTTP, on a run of real files: the next answer knows them, and so does a server that starts again. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { load, type Run, type Serving, serve } from '../../../../src/api.ts';
import { temporaryFolder } from '../../../training/temporary_folder.ts';
import { trainFilms } from '../films.ts';

const root = temporaryFolder();
let run: Run;
let server: Serving;

beforeAll(async () => {
  run = await load(await trainFilms(root), { engine: 'onnx' });
  server = await open('events');
}, 120_000);
afterAll(async () => {
  await server?.close();
  await run?.close();
});

const open = (events?: string): Promise<Serving> =>
  serve(run, { port: 0, ...(events === undefined ? {} : { events: join(root, events) }) });

async function ask(method: string, path: string, body?: unknown, to = server) {
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await fetch(`${to.url}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  return { status: answer.status, body: await answer.json() };
}
const send = (body: unknown, to?: Serving) => ask('POST', '/v1/events', body, to);
/** Without the id of the answer, which differs each time. */
const recommend = async (user: string, to?: Serving) => {
  const { request: _, ...answer } = (await ask('POST', '/v1/recommend', { user, k: 40, history: 50 }, to)).body;
  return answer;
};
const keysOf = (items: readonly { readonly key: string }[]): string[] => items.map(({ key }) => key);

it('an event is in the next answer: in the history, and not among the items', async () => {
  const before = await recommend('u1');
  expect(before.asOf).toBe(239);
  const [film] = keysOf(before.items);
  expect(await send({ user: 'u1', item: film, time: 300 })).toEqual({
    status: 200,
    body: { user: 'u1', item: film, outcome: 'added' },
  });
  const after = await recommend('u1');
  expect(after.asOf).toBe(300);
  expect(keysOf(after.history)).toEqual([film, ...keysOf(before.history)]);
  expect(keysOf(after.items)).not.toContain(film);
  expect(after.items.length).toBe(before.items.length - 1);
  // The history has another last element, so the scores differ.
  expect(after.items[0].score).not.toBe(
    before.items.find(({ key }: { key: string }) => key === after.items[0].key).score,
  );
});

it('a new user exists from the first event on', async () => {
  expect((await recommend('new')).notes[0]).toMatch(/is not in the data/);
  await send([
    { user: 'new', item: 'f3', time: 301 },
    { user: 'new', item: 'f4', time: 299 },
  ]);
  const { history, notes } = await recommend('new');
  // The events are in the order of their times.
  expect(keysOf(history)).toEqual(['f3', 'f4']);
  expect(notes.join()).not.toMatch(/is not in the data/);
  expect((await ask('GET', '/v1/users?prefix=ne')).body.users).toEqual([{ key: 'new', seen: 2 }]);
});

it('an event that is sent again with its id counts once', async () => {
  const event = { user: 'u2', item: 'f9', time: 310, id: 'click 1' };
  expect((await send(event)).body.outcome).toBe('added');
  expect((await send([event, event])).body.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
    'known',
    'known',
  ]);
  expect(keysOf((await recommend('u2')).history).filter((key) => key === 'f9').length).toBeLessThanOrEqual(2);
});

it('an event that the data may have is late, and one of a new user cannot be', async () => {
  const before = await recommend('u5');
  expect((await send({ user: 'u5', item: 'f1', time: 100 })).body.outcome).toBe('late');
  expect((await recommend('u5')).history).toEqual(before.history);
  expect((await send({ user: 'early', item: 'f1', time: 100 })).body.outcome).toBe('added');
  expect(keysOf((await recommend('early')).history)).toEqual(['f1']);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toMatch(/outcome="late"\} 1$/m);
});

it('several are taken together or not at all', async () => {
  const before = await recommend('u3');
  const answer = await send([
    { user: 'u3', item: 'f1', time: 320 },
    { user: 'u3', item: 'f1', time: 321, columns: { colour: 'red' } },
  ]);
  expect(answer.status).toBe(400);
  expect(answer.body.errors[0]).toMatchObject({ code: 'unknown-name', at: '/1/columns/colour' });
  expect(await recommend('u3')).toEqual(before);
});

it.each<[string, object, string, string]>([
  ['an item that does not exist', { user: 'u1', item: 'nothing', time: 1e6 }, 'event-value', '/item'],
  ['a time of another type', { user: 'u1', item: 'f1', time: '2026-11-30' }, 'event-value', '/time'],
  ['a missing time, as the times of the data are no moments', { user: 'u1', item: 'f1' }, 'event-value', '/time'],
  ['a time far beyond those of the data', { user: 'u1', item: 'f1', time: 1.7e12 }, 'event-value', '/time'],
  ['an empty key', { user: '', item: 'f1', time: 1e6 }, 'event-value', '/user'],
  [
    'a key among the columns',
    { user: 'u1', item: 'f1', time: 1e6, columns: { Person: 'u2' } },
    'event-value',
    '/columns/Person',
  ],
  ['no item', { user: 'u1', time: 1e6 }, 'request-value', ''],
])('refuses %s', async (_, body, code, at) => {
  const { status, body: answer } = await send(body);
  expect({ status, ...(({ code, at }) => ({ code, at }))(answer.errors[0]) }).toEqual({ status: 400, code, at });
});

it('a deleted user is unknown, in the log too, and may come back', async () => {
  const { asOf } = await recommend('u1');
  await send({ user: 'u4', item: 'f20', time: 330 });
  expect((await recommend('u1')).asOf).toBe(330);
  expect((await ask('DELETE', '/v1/users/u4')).body).toEqual({ user: 'u4', outcome: 'deleted' });
  const { history, notes, asOf: asOfOthers } = await recommend('u4');
  expect(history).toEqual([]);
  expect(asOfOthers).toBe(asOf);
  expect(notes[0]).toMatch(/is not in the data/);
  expect((await ask('GET', '/v1/users?prefix=u4')).body.users).toEqual([]);
  expect((await ask('DELETE', '/v1/users/nobody')).status).toBe(404);
  await expect
    .poll(() =>
      readdirSync(join(root, 'events'))
        .map((name) => readFileSync(join(root, 'events', name), 'utf8'))
        .join(),
    )
    .not.toMatch(/"f20"/);
  await send({ user: 'u4', item: 'f21', time: 340 });
  expect(keysOf((await recommend('u4')).history)).toEqual(['f21']);
});

it('a server that starts again knows all of them, and gives the same answers', async () => {
  const users = ['u1', 'u2', 'u4', 'new'];
  const before = await Promise.all(users.map((user) => recommend(user)));
  await server.close();
  server = await open('events');
  expect(await Promise.all(users.map((user) => recommend(user)))).toEqual(before);
  expect((await send({ user: 'u2', item: 'f9', time: 310, id: 'click 1' })).body.outcome).toBe('known');
});

it('are not acknowledged once the log has gone from its place', async () => {
  const file = readdirSync(join(root, 'events')).find((name) => name.startsWith('events-'))!;
  const path = join(root, 'events', file);
  renameSync(path, `${path}.away`);
  const { status, body } = await send({ user: 'u6', item: 'f1', time: 350, id: 'lost' });
  expect([status, body.errors[0].code]).toEqual([503, 'items-log']);
  expect((await recommend('u6')).asOf).not.toBe(350);
  renameSync(`${path}.away`, path);
  expect((await send({ user: 'u6', item: 'f1', time: 350, id: 'lost' })).body.outcome).toBe('added');
});

it('takes none without a folder', async () => {
  const closed = await open();
  expect(await send({ user: 'u1', item: 'f1', time: 1e6 }, closed)).toMatchObject({
    status: 403,
    body: { errors: [{ code: 'events-closed' }] },
  });
  expect(existsSync(join(root, 'undefined'))).toBe(false);
  await closed.close();
});

it('an event of an item that the model does not have says so where no file has the items, and is kept', async () => {
  const bare = join(root, 'bare');
  mkdirSync(bare);
  const bareRun = await load(await trainFilms(bare, false), { engine: 'onnx' });
  const bareServer = await serve(bareRun, { port: 0, events: join(root, 'bare events') });
  const events = ['f1', 'f999'].map((item, at) => ({ user: 'u1', item, time: 400 + at }));
  const { body } = await send(events, bareServer);
  expect(body.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['added', 'unknown_item']);
  const stored = readdirSync(join(root, 'bare events')).map((name) =>
    readFileSync(join(root, 'bare events', name), 'utf8'),
  );
  expect(stored.join()).toContain('f999');
  await bareServer.close();
  await bareRun.close();
});
