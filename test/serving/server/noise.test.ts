/** What never becomes a request of a route is answered too: with a status, a code and what to do. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Server } from '../../../src/serving/server/server.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { sendBytes } from './fuzz/wire.ts';
import { serveSmall } from './served.ts';

const root = temporaryFolder();
let server: Server;
let port: number;

beforeAll(async () => {
  server = await (await serveSmall(root)).server();
  port = Number(new URL(await server.listen('127.0.0.1', 0)).port);
});
afterAll(() => server?.close(0));

const head = (line: string, ...headers: readonly string[]): string =>
  `${[line, 'Host: 127.0.0.1', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`;

it.each([
  ['bytes that are not HTTP', '\u0016\u0003\u0001 TLS\r\n\r\n', 400, 'request-body', 'does not arrive as HTTP'],
  ['headers past the limit', head('GET / HTTP/1.1', `X: ${'x'.repeat(20_000)}`), 431, 'request-size', '16,384 bytes'],
  ['another expectation', head('GET / HTTP/1.1', 'Expect: a-miracle'), 417, 'request-value', '`expect`'],
  ['a request with two hosts', head('GET /healthz HTTP/1.1', 'host: other'), 400, 'request-value', '`host`'],
  ['a request without a host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'request-value', '`host`'],
  ['a tunnel', head('CONNECT example.org:443 HTTP/1.1'), 404, 'request-route', 'CONNECT example.org:443'],
])('answers %s', async (_, text, status, code, words) => {
  const [answer] = await sendBytes(port, Buffer.from(text));
  const { request, errors } = JSON.parse(answer!.body.toString());
  expect([answer!.status, errors[0].code, errors[0].at]).toEqual([status, code, '']);
  expect(errors[0].message).toContain(words);
  expect(request).toMatch(/^[\da-f-]{36}$/);
});

it('counts them in the metrics', async () => {
  const { body } = await server.http.inject('/metrics');
  expect(body).toMatch(/tower_requests_total\{route="none",status="431"\} 1\n/);
});
