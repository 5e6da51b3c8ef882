/** The address of a server before and after its run is loaded. */
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeListener } from '../../../src/serving/server/door.ts';
import { warmUp } from '../../../src/serving/server/versions/swaps.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { serveSmall } from './served.ts';

const root = temporaryFolder();

it('answers 503 until the server is ready, on the same address and connection', async () => {
  const listener = makeListener();
  const url = await listener.listen('127.0.0.1', 0);
  const state = async (path: string, body?: string) => {
    const request = body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    const response = await fetch(`${url}${path}`, request);
    return { status: response.status, retry: response.headers.get('retry-after'), body: await response.json() };
  };
  expect(await state('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
  expect(await state('/readyz?now')).toMatchObject({ status: 503, body: { status: 'starting' } });
  const page = await fetch(`${url}/?x`);
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await page.text()).toContain('<div id="page">');
  const icon = await fetch(`${url}/favicon.ico`);
  expect([icon.status, icon.headers.get('content-type'), await icon.text()]).toEqual([
    200,
    'image/svg+xml',
    expect.stringMatching(/^<svg /),
  ]);
  const early = await state('/v1/recommend', '{"user":"u1"}');
  expect(early).toMatchObject({ status: 503, retry: '1', body: { errors: [{ code: 'server-busy' }] } });
  expect(early.body.errors[0].message).toContain('it is starting');

  /** What is wrong with a request itself, waiting does not change. */
  const refusals = async () => {
    const asked: unknown[] = [];
    for (const [method, path] of [
      ['GET', '/v1/recommend'],
      ['POST', '/healthz'],
      ['DELETE', '/'],
      ['GET', '/v1/recomend'],
      ['HEAD', '/healthz'],
    ] as const) {
      const answer = await fetch(`${url}${path}`, { method });
      asked.push([method, path, answer.status, answer.headers.get('allow')]);
    }
    return asked;
  };
  const expected = [
    ['GET', '/v1/recommend', 405, 'POST'],
    ['POST', '/healthz', 405, 'GET'],
    ['DELETE', '/', 405, 'GET'],
    ['GET', '/v1/recomend', 404, null],
    ['HEAD', '/healthz', 200, null],
  ];
  expect(await refusals()).toEqual(expected);

  const served = await serveSmall(root);
  await warmUp(served.answers);
  const server = await served.server({ listener });
  expect(await server.listen('127.0.0.1', 1)).toBe(url);
  expect(await state('/readyz')).toMatchObject({ status: 200, body: { status: 'ready', version: 'v1' } });
  expect(await state('/v1/recommend', '{"user":"u1"}')).toMatchObject({ status: 200 });
  expect(await refusals()).toEqual(expected);
  expect((await fetch(`${url}/favicon.ico`)).headers.get('content-type')).toBe('image/svg+xml');
  await server.close();
  await expect(fetch(url)).rejects.toThrow();
});

it('answers 408 to a request whose rest does not come, soon after its time', async () => {
  const listener = makeListener(false, 200);
  const server = await (await serveSmall(join(root, 'late'))).server({ listener });
  const { port } = new URL(await server.listen('127.0.0.1', 0));
  const head =
    'POST /v1/recommend HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n';
  for (const sent of [head, `${head}\r\n{"user`]) {
    const start = performance.now();
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(sent));
      socket.on('data', (chunk) => (text += chunk)).on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(performance.now() - start).toBeLessThan(2000);
  }
  await server.close();
});

it('names this machine where it listens on all addresses', async () => {
  const door = makeListener();
  expect(await door.listen('0.0.0.0', 0)).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  await door.close();
});
