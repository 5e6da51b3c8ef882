/** A request that is whole is read as Node.js reads it; whatever could be read in two ways is left to Node.js. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, it } from 'vitest';
import { wholeRequestIn } from '../../src/server/whole_request.ts';
import fc from '../fast_check.ts';

const post = (headers: readonly string[], body = '{"user":"u1"}', first = 'POST /v1/recommend HTTP/1.1'): string =>
  `${[first, ...headers].join('\r\n')}\r\n\r\n${body}`;
const usual = ['Host: a', 'Content-Type: application/json', 'Content-Length: 13'];
const read = (text: string) => wholeRequestIn(Buffer.from(text, 'latin1'));

it('reads what clients send', () => {
  const whole = read(post([...usual, 'X-Request-Id: mine', 'Connection: keep-alive', 'Accept: */*']));
  expect(whole).toMatchObject({ method: 'POST', url: '/v1/recommend' });
  expect(whole?.headers.get('x-request-id')).toBe('mine');
  expect(read('GET /v1/about HTTP/1.1\r\nhost: a\r\n\r\n')).toMatchObject({ method: 'GET', url: '/v1/about' });
});

it.each([
  ['a body that is not all there', post(usual, '{"user":"u')],
  ['more than a body', post(usual, '{"user":"u1"}POST')],
  ['two requests', `${post(usual)}${post(usual)}`],
  ['two lengths', post([...usual, 'content-length: 13'])],
  ['no length', post(['Host: a'])],
  ['a length with a sign', post(['Host: a', 'Content-Length: +13'])],
  ['a length in another base', post(['Host: a', 'Content-Length: 0x0d'])],
  ['a list of lengths', post(['Host: a', 'Content-Length: 13, 13'])],
  ['chunks', post([...usual, 'Transfer-Encoding: chunked'])],
  ['an expectation', post([...usual, 'Expect: 100-continue'])],
  ['another protocol', post([...usual, 'Upgrade: h2c'])],
  ['an end of the connection', post([...usual, 'Connection: close'])],
  ['an end of the connection for a proxy', post([...usual, 'Proxy-Connection: close'])],
  ['headers of the connection', post([...usual, 'Connection: keep-alive, x-request-id'])],
  ['no host', post(usual.slice(1))],
  ['two hosts', post(['Host: b', ...usual])],
  ['a header that goes on in the next line', post([...usual, 'X-A: b', ' c'])],
  ['a space before the colon', post(['Host : a', ...usual.slice(1)])],
  ['a line that ends without a return', post(usual).replace('\r\nContent-Type', '\nContent-Type')],
  ['a return inside of a header', post([...usual, 'X-A: b\rc'])],
  ['a zero byte', post([...usual, 'X-A: b\0c'])],
  ['an older version', post(usual, '{"user":"u1"}', 'POST /v1/recommend HTTP/1.0')],
  ['a whole address', post(usual, '{"user":"u1"}', 'POST http://a/v1/recommend HTTP/1.1')],
  ['an empty line before it', `\r\n${post(usual)}`],
  ['no HTTP', 'hello'],
  ['nothing', ''],
])('leaves %s to Node.js', (_, text) => {
  expect(read(text)).toBeUndefined();
});

it('ends a request where Node.js ends it, whatever is changed in it', async () => {
  const seen: { readonly url: string; readonly id: string | undefined }[] = [];
  const http = createServer((request, response) => {
    seen.push({ url: request.url!, id: request.headers['x-request-id'] as string });
    request.resume().once('end', () => response.end());
  });
  http.on('clientError', (_, socket) => void socket.destroy());
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const base = post([...usual, 'X-Request-Id: mine']);
  const pieces = [
    '\r\n',
    '\n',
    '\r',
    ':',
    ' ',
    '\0',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    '1',
    'a',
    '\t',
    'é',
  ];
  const change = fc.record({
    at: fc.nat(base.length),
    remove: fc.nat(3),
    add: fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 4 })),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 2 }), async (changes) => {
      let text = base;
      for (const { at, remove, add } of changes) text = text.slice(0, at) + add + text.slice(at + remove);
      const whole = read(text);
      if (whole === undefined) return;
      seen.length = 0;
      const socket = connect(port, '127.0.0.1');
      // What follows shows where the first one ended.
      socket.end(
        Buffer.concat([
          Buffer.from(text, 'latin1'),
          Buffer.from('GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
        ]),
      );
      socket.resume();
      await once(socket, 'close');
      // What Node.js refuses, it refuses after us as well: then nobody has seen it.
      if (seen.length === 0) return;
      expect(seen).toMatchObject([{ url: whole.url, id: whole.headers.get('x-request-id') }, { url: '/next' }]);
    }),
    { numRuns: 300 },
  );
  http.close();
});
