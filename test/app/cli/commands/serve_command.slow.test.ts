/** `tower serve` as a user runs it: from a run to an answer, to its end by a signal, and what it says where it cannot start. */
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import { train } from '../../../../src/api.ts';
import { temporaryFolder } from '../../../training/temporary_folder.ts';
import { writeProject } from '../project.ts';
import { startServer, tower } from '../tower.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);

beforeAll(async () => {
  writeProject(root);
  await train(at('films.tower'), { data: at('data.tower'), out: at('run'), engine: 'onnx', set: { epochs: 1 } });
}, 60_000);

it('answers as `tower recommend`, logs to stdout, and ends with 0 by SIGTERM', async () => {
  const { child, url, done } = await startServer(['run'], { cwd: root });
  const answer = await fetch(`${url}/v1/recommend`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'the-one' },
    body: '{"user":"u4","k":3}',
  });
  const { items, notes } = (await answer.json()) as { items: unknown; notes: unknown };
  child.kill('SIGTERM');
  const { code, stdout } = await done;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ id: 'the-one', route: '/v1/recommend', status: 200 });
  const args = ['recommend', 'run', '--user', 'u4', '-k', '3', '--json', '--engine', 'onnx'];
  expect(JSON.parse((await tower(args, { cwd: root })).stdout)).toMatchObject({ items, notes });
});

it('resets no request that was sent before SIGTERM', async () => {
  for (let round = 0; round < 3; round++) {
    const { child, url, done } = await startServer(['run', '--no-log'], { cwd: root });
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    const ask = (): Promise<number> =>
      new Promise((resolve, reject) => {
        const asked = request(`${url}/v1/recommend`, {
          method: 'POST',
          agent,
          headers: { 'content-type': 'application/json' },
        });
        asked.on('response', (answer) => answer.resume().on('end', () => resolve(answer.statusCode!)));
        asked.on('error', reject).end('{"user":"u4","k":3}');
      });
    const all = () => Promise.all(Array.from({ length: 64 }, ask));
    const expected = Array.from({ length: 64 }, () => 200);
    expect(await all()).toEqual(expected);
    const asked = all();
    // Node.js writes requests in the next turn.
    await new Promise(setImmediate);
    child.kill('SIGTERM');
    expect(await asked).toEqual(expected);
    agent.destroy();
    expect((await done).code).toBe(0);
  }
}, 120_000);

it.each([{ more: [] }, { more: ['--processes', '2'] }])(
  'goes on answering after SIGTERM while `/readyz` says 503 $more',
  async ({ more }) => {
    const { child, url, done, said } = await startServer(['run', '--no-log', '--drain', '2', ...more], { cwd: root });
    const statusOf = async (path: string, options = {}) => {
      const { status, headers } = await fetch(`${url}${path}`, options);
      return [status, headers.get('connection')];
    };
    expect(await statusOf('/readyz')).toEqual([200, 'keep-alive']);
    child.kill('SIGTERM');
    await vi.waitFor(async () => expect(await statusOf('/readyz')).toEqual([503, 'close']), { timeout: 1000 });
    const question = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"user":"u4","k":3}' };
    expect(await statusOf('/v1/recommend', question)).toEqual([200, 'close']);
    expect((await done).code).toBe(0);
    expect(said()).toContain('and others for 2 seconds, in which /readyz answers 503');
  },
  60_000,
);

it('takes a new run of the folder, survives a kill while it loads it and items are written, and serves it after a new start', async () => {
  await train(at('films.tower'), {
    data: at('data.tower'),
    out: at('second'),
    engine: 'onnx',
    set: { epochs: 1, seed: 2 },
  });
  const [first, second] = ['run', 'second'].map(
    (name) => JSON.parse(readFileSync(join(at(name), 'manifest.json'), 'utf8')).checksum,
  );
  mkdirSync(at('live'));
  cpSync(at('run'), at('live/1'), { recursive: true });
  const args = ['--watch', 'live', '--items', 'written', '--no-log'];
  const env = { TMPDIR: at('temporary') };
  mkdirSync(at('temporary'));
  const start = async () => {
    const { child, url, done, said } = await startServer(args, { cwd: root, env });
    const version = async () =>
      ((await (await fetch(`${url}/v1/versions`)).json()) as { current: { version: string } }).current.version;
    const write = (method: string, key: string, body?: object) =>
      fetch(`${url}/v1/items/${key}`, {
        method,
        ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
      });
    const post = (route: string, body: object): Promise<Response> =>
      fetch(url + route, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
        body: JSON.stringify(body),
      });
    const all = async () => {
      const answer = await post('/v1/recommend', { user: 'u1', k: 1000, removeSeen: false });
      const { request: _, ...others } = (await answer.json()) as { request: string; items: { key: string }[] };
      return { ...others, keys: others.items.map(({ key }) => key) };
    };
    return { child, done, version, write, post, all, said };
  };
  const waiting = { timeout: 60_000, interval: 50 };
  const killed = await start();
  expect(await killed.version()).toBe(first);
  cpSync(at('second'), at('live/.2'), { recursive: true });
  renameSync(at('live/.2'), at('live/2'));
  const loading = () => readdirSync(at('temporary')).filter((name) => name.startsWith('tower-version-'));
  // One is that of the version that answers.
  await vi.waitFor(() => expect(loading()).toHaveLength(2), waiting);
  const answered: string[] = [];
  const writing = (async () => {
    expect((await killed.write('DELETE', 'm3')).status).toBe(200);
    for (let at = 0; ; at++) {
      expect((await killed.write('PUT', `new${at}`, { title: `New ${at}` })).status).toBe(200);
      answered.push(`new${at}`);
    }
  })().catch(() => {});
  await vi.waitFor(() => expect(answered.length).toBeGreaterThan(5), waiting);
  killed.child.kill('SIGKILL');
  await Promise.all([killed.done, writing]);

  const again = await start();
  expect(await again.version()).toBe(second);
  const { keys } = await again.all();
  expect(keys).toEqual(expect.arrayContaining(answered));
  expect(keys).not.toContain('m3');
  // What the kill left in the folder for temporary files is gone.
  expect(loading()).toHaveLength(1);
  cpSync(at('run'), at('live/3'), { recursive: true });
  appendFileSync(at('live/3/weights.safetensors'), 'x');
  await vi.waitFor(() => expect(again.said()).toContain('live/3 is not served: '), waiting);
  again.child.kill('SIGHUP');
  await vi.waitFor(() => expect(again.said().match(/live\/3 is not served: /g)).toHaveLength(2), waiting);
  expect(await again.version()).toBe(second);

  const before = await again.all();
  cpSync(at('run'), at('live/.4'), { recursive: true });
  renameSync(at('live/.4'), at('live/4'));
  await vi.waitFor(async () => expect(await again.version()).toBe(first), waiting);
  expect(await again.all()).not.toEqual(before);
  // The version is opened as it was: it is not loaded again.
  rmSync(at('live/2/weights.safetensors'));
  expect((await again.post('/v1/versions/rollback', {})).status).toBe(200);
  expect(await again.all()).toEqual(before);
  again.child.kill('SIGTERM');
  expect((await again.done).code).toBe(0);
  expect(loading()).toEqual([]);
}, 120_000);

it('says in a line what is wrong, with exit code 1', async () => {
  const failing = async (...args: string[]) => {
    const { code, stderr, stdout } = await tower(['serve', ...args], { cwd: root });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).not.toMatch(/^ {4}at /m);
    return stderr;
  };
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => taken.once('listening', listening));
  const { port } = taken.address() as { port: number };
  expect(await failing('run', '--port', String(port))).toContain('cannot-listen');
  // Before the run is loaded.
  expect(await failing('nothing', '--port', String(port))).toContain('cannot-listen');
  taken.close();
  expect(await failing('nothing')).toContain('not-a-run');
  cpSync(at('run'), at('damaged'), { recursive: true });
  appendFileSync(join(at('damaged'), 'weights.safetensors'), 'x');
  expect(await failing('damaged')).toMatch(/changed-file|damaged-file/);
  expect(await failing('run', '--host', '0.0.0.0')).toContain('token-needed');
  expect(await failing()).toContain('give a run, or the folder of runs');
  expect(await failing('run', '--canary', 'run')).toContain('let a proxy split the requests');
  expect(await failing('--watch', 'runs', '--index', '../index')).toContain('is a folder in each run');
  mkdirSync(at('empty'));
  expect(await failing('--watch', 'empty')).toContain('no-version');
  expect(await failing('run', '--token-file', 'none.txt')).toContain('cannot-read');
  writeFileSync(at('token.txt'), 'short\n');
  expect(await failing('run', '--token-file', 'token.txt')).toContain('token-value');
});

it('answers on the second day with what came since, by a run that went on from the one it serves', async () => {
  mkdirSync(at('days'));
  for (const name of ['films.tower', 'data.tower', 'ratings.csv', 'films.csv']) cpSync(at(name), at(`days/${name}`));
  const day = (out: string, from?: string) =>
    train(at('days/films.tower'), {
      data: at('days/data.tower'),
      out: at(out),
      engine: 'onnx',
      set: { epochs: 1 },
      ...(from === undefined ? {} : { from: at(from) }),
    });
  await day('days/live/1');
  const { child, url, done } = await startServer(['--watch', 'live', '--no-log'], { cwd: at('days') });
  try {
    const keys = async (): Promise<string[]> => {
      const answer = await fetch(`${url}/v1/recommend`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"user":"u4","k":50,"removeSeen":false}',
      });
      return ((await answer.json()) as { items: { key: string }[] }).items.map(({ key }) => key);
    };
    expect(await keys()).not.toContain('m40');
    appendFileSync(at('days/films.csv'), 'm40,"Film 40, the new one"\n');
    const rows = Array.from({ length: 300 }, (_, i) => `u${i % 30},${i % 3 === 0 ? 'm40' : `m${i % 40}`},${1600 + i}`);
    appendFileSync(at('days/ratings.csv'), `${rows.join('\n')}\n`);
    await day('days/second', 'days/live/1');
    renameSync(at('days/second'), at('days/live/2'));
    await vi.waitFor(async () => expect(await keys()).toContain('m40'), { timeout: 60_000, interval: 200 });
    const { from, data } = JSON.parse(readFileSync(at('days/live/2/manifest.json'), 'utf8'));
    expect(from).toMatchObject({ runs: 1, events: data.train - 480 });
  } finally {
    child.kill('SIGTERM');
    await done;
  }
}, 180_000);
