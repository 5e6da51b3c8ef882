/** What can be odd of a request in HTTP: its method, headers and framing. */
import { gzipSync } from 'node:zlib';
import fc from '../../../fast_check.ts';

/** A request as it is sent. */
export interface Sent {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** How the body goes over the connection. */
  readonly framing: Framing;
}

type Framing = 'length' | 'chunked' | 'broken chunks' | 'short' | 'long' | 'twice' | 'old' | 'no length';

interface Oddity {
  readonly part: keyof Sent;
  readonly change: (sent: Sent) => Partial<Sent>;
}

const header = (name: string, values: fc.Arbitrary<string>): fc.Arbitrary<Oddity> =>
  values.map((value) => ({ part: 'headers', change: ({ headers }) => ({ headers: { ...headers, [name]: value } }) }));
const types = [
  ...['text/plain', 'application/json; charset=latin1', 'application/x-www-form-urlencoded', '', 'a/b; ;', 'x'],
  ...[
    'multipart/form-data; boundary=x',
    'application/JSON',
    'application/json, text/plain',
    'application/octet-stream',
  ],
];
const others = [
  'evil.example',
  'localhost:8321',
  '127.0.0.1',
  '',
  '[::1]:8321',
  'a b',
  'null',
  '@',
  '127.0.0.1.evil.example',
];
const methods = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PURGE',
  'CONNECT',
  'get',
  'X',
  '',
];
const framings = ['chunked', 'broken chunks', 'short', 'long', 'twice', 'old', 'no length'] as const;
const truncated = (body: Buffer): Buffer => {
  const whole = gzipSync(body);
  return whole.subarray(0, Math.max(1, whole.length - 5));
};

export const oddity: fc.Arbitrary<Oddity> = fc.oneof(
  header('content-type', fc.constantFrom(...types)),
  header('tower-deadline', fc.constantFrom('1500', '0', '-1', 'abc', '1e9', '9'.repeat(30), '', '0x7d0')),
  header('x-request-id', fc.constantFrom('a b', '{"x":1}', 'é', 'ok-1', 'x'.repeat(129), '', '__proto__')),
  header('host', fc.constantFrom(...others)),
  header('origin', fc.constantFrom(...others)),
  header('x-forwarded-for', fc.constantFrom('1.2.3.4', '')),
  header('authorization', fc.constantFrom('Bearer', 'Bearer x', 'Basic eA==', '')),
  header('inference-header-content-length', fc.constantFrom('0', '-1', '5', '1e3', 'x', '', '9'.repeat(30))),
  header('expect', fc.constantFrom('100-continue', 'x', '')),
  header('upgrade', fc.constantFrom('websocket', 'h2c')),
  header('accept', fc.constantFrom('text/html', '')),
  header('x-long', fc.constantFrom('x'.repeat(20_000), 'x'.repeat(9000))),
  header('content-encoding', fc.constantFrom('identity', 'br', 'x', '')),
  fc.constantFrom<Oddity>(
    { part: 'body', change: ({ body, headers }) => ({ body: truncated(body), headers: zipped(headers) }) },
    { part: 'body', change: ({ body, headers }) => ({ body: gzipSync(body), headers: zipped(headers) }) },
    { part: 'body', change: () => ({ body: Buffer.from([0xff, 0xfe, 0x00, 0x7b, 0xc3]) }) },
    { part: 'body', change: () => ({ body: Buffer.from('{}') }) },
  ),
  fc.constantFrom(...methods).map((method): Oddity => ({ part: 'method', change: () => ({ method }) })),
  fc.constantFrom(...framings).map((framing): Oddity => ({ part: 'framing', change: () => ({ framing }) })),
);

const zipped = (headers: Sent['headers']): Sent['headers'] => ({ ...headers, 'content-encoding': 'gzip' });

/** Whether a request must go over a connection: no library sends it as it is. */
export const isOdd = ({ method, target, headers, framing }: Sent): boolean =>
  framing !== 'length' ||
  !/^(?:GET|POST|PUT|DELETE)$/.test(method) ||
  !/^[\w/?&=:%-]*$/.test(target) ||
  /%(?![\da-f]{2})|%2e|%00|^\/\//i.test(target) ||
  ['host', 'expect', 'upgrade', 'x-long'].some((name) => headers[name] !== undefined);

export function bytesOf({ method, target, headers, body, framing }: Sent): Buffer {
  const version = framing === 'old' ? '1.0' : '1.1';
  const all: Record<string, string> = { host: '127.0.0.1', connection: 'close', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  const size = body.length;
  const length = { short: size + 7, long: Math.max(0, size - 3) }[framing as string] ?? size;
  const isChunked = framing === 'chunked' || framing === 'broken chunks' || framing === 'twice';
  if (isChunked) lines.push('transfer-encoding: chunked');
  if (framing === 'twice' || (!isChunked && framing !== 'no length' && (size > 0 || method !== 'GET')))
    lines.push(`content-length: ${length}`);
  const head = Buffer.from(`${method} ${target} HTTP/${version}\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return Buffer.concat([head, isChunked ? chunksOf(body, framing === 'broken chunks') : body]);
}

function chunksOf(body: Buffer, isBroken: boolean): Buffer {
  const half = body.length >> 1;
  const parts = [body.subarray(0, half), body.subarray(half)].filter(({ length }) => length > 0);
  const sizeOf = ({ length }: Buffer, at: number): string => (isBroken && at === 0 ? 'zz' : length.toString(16));
  return Buffer.concat([
    ...parts.flatMap((part, at) => [Buffer.from(`${sizeOf(part, at)}\r\n`), part, Buffer.from('\r\n')]),
    Buffer.from(isBroken ? '-1\r\n' : '0\r\n\r\n'),
  ]);
}
