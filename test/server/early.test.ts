/** A full server refuses before it reads a body, in the form of all refusals. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Server } from '../../src/server/server.ts';
import { type Served, serveSmall } from './served.ts';

const root = mkdtempSync(join(tmpdir(), 'tower-early-'));
let served: Served;
let server: Server;
let port: number;
let release = (): void => {};
let filling: Promise<unknown>;
const lines: string[] = [];

beforeAll(async () => {
  served = await serveSmall(root);
  const until = new Promise<void>((resolve) => (release = resolve));
  const recommend: typeof served.answers.recommend = async (body) => {
    await until;
    return served.answers.recommend(body);
  };
  const answers = { ...served.answers, recommend };
  server = await served.server({ limits: { running: 1, waiting: 1 }, log: (line) => lines.push(line) }, answers);
  port = Number(new URL(await server.listen('127.0.0.1', 0)).port);
  const fill = () => post('/v1/recommend', { user: 'u1' });
  filling = Promise.all([fill(), fill()]);
  while (!(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).includes('\ntower_waiting 1\n'));
}, 60_000);
afterAll(async () => {
  release();
  await filling;
  await server.close();
  await served.recommender.close();
  rmSync(root, { recursive: true });
});

const post = (path: string, body: unknown, headers = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** Sends a head whose body never comes. */
const headOnly = (path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('data', (bytes) => {
      resolve(bytes.toString());
      socket.destroy();
    });
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n`,
    );
  });

it('answers 503 with the same code, hint, id and headers as other refusals', async () => {
  for (const path of ['/v1/recommend', '/v1/similar']) {
    const answer = await post(path, { user: 'u1' }, { 'x-request-id': 'mine-1' });
    expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('x-request-id')]).toEqual([
      503,
      '1',
      'mine-1',
    ]);
    const body = (await answer.json()) as { readonly request: string; readonly errors: readonly object[] };
    const { text: ofRoute } = await refusedByRoute(path);
    expect({ ...body, request: '' }).toEqual({ ...JSON.parse(ofRoute), request: '' });
    expect(body.request).toBe('mine-1');
    const line = JSON.parse(lines.at(-2)!);
    expect(line).toMatchObject({ id: 'mine-1', route: path, status: 503, method: 'POST' });
  }
  // An id that a log cannot hold is not given back, and another one is.
  const answer = await post('/v1/recommend', { user: 'u1' }, { 'x-request-id': '"}' });
  const body = (await answer.json()) as { readonly request: string };
  expect(body.request).toMatch(/^[\w-]{36}$/);
});

/** Past the early refusal: what the route itself says. */
async function refusedByRoute(url: string): Promise<{ readonly text: string }> {
  const { body } = await server.http.inject({ method: 'POST', url, payload: { user: 'u1' } });
  return { text: body };
}

it('refuses all routes that pass the gate before it has their bodies', async () => {
  const model = served.trained.plan.model;
  for (const path of [
    '/v1/recommend',
    '/v1/similar',
    `/v1/models/${model}:predict`,
    `/v1/models/${model}/labels/stable:predict`,
    `/v2/models/${model}/infer`,
  ]) {
    expect(await headOnly(path)).toMatch(/^HTTP\/1\.1 503 /);
  }
});

it('says that a method is wrong, which waiting does not change', async () => {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/recommend`);
  expect([answer.status, answer.headers.get('allow'), answer.headers.get('retry-after')]).toEqual([405, 'POST', null]);
  const socket = connect(port, '127.0.0.1');
  const ask = async (method: string): Promise<string> => {
    socket.write(`${method} /v1/recommend HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}`);
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    return bytes.toString().split('\r\n')[0]!;
  };
  // The second is read before Node.js.
  expect([await ask('POST'), await ask('PUT')]).toEqual([
    'HTTP/1.1 503 Service Unavailable',
    'HTTP/1.1 405 Method Not Allowed',
  ]);
  socket.destroy();
});

it('answers routes that do not wait for others', async () => {
  for (const path of ['/healthz', '/readyz', '/v1/about', '/v1/users']) {
    expect((await fetch(`http://127.0.0.1:${port}${path}`)).status).toBe(200);
  }
});

it('says the same to a connection that it knows, before Node.js reads what comes', async () => {
  const socket = connect(port, '127.0.0.1');
  const ask = async (text: string): Promise<string> => {
    socket.write(text);
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    return bytes.toString();
  };
  const text = 'POST /v1/recommend HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine-2\r\nContent-Length: 2\r\n\r\n{}';
  const [first, second] = [await ask(text), await ask(text)].map((answer) => {
    const [head = '', body] = answer.split('\r\n\r\n');
    const [status, ...headers] = head.split('\r\n');
    return { status, body, headers: headers.map((line) => line.toLowerCase().replace(/^date: .*/, 'date')).sort() };
  });
  // What Node.js adds: a connection stays open, and how long.
  const others = first!.headers.filter((line) => !/^(connection|keep-alive):/.test(line));
  expect(second).toEqual({ ...first, headers: others });
  expect(first!.status).toBe('HTTP/1.1 503 Service Unavailable');
  for (const line of lines.slice(-2)) {
    expect(JSON.parse(line)).toMatchObject({ id: 'mine-2', route: '/v1/recommend', status: 503 });
  }
  socket.destroy();
});
