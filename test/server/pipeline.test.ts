/** A client that sends thousands of requests on one connection does not make others wait for all of them, and gets every answer in its order. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { inTurns, mostOfConnection } from '../../src/server/pipeline.ts';
import { answerUnparsed } from '../../src/server/unparsed.ts';

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => void close()));

async function serve(handler: RequestListener): Promise<() => Promise<Socket>> {
  const http = createServer(inTurns(handler).listener);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  closing.push(() => void http.close());
  return async () => {
    const socket = connect((http.address() as AddressInfo).port, '127.0.0.1');
    closing.push(() => void socket.destroy());
    await once(socket, 'connect');
    return socket;
  };
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`;
const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: test\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** The bodies of answers, which end with a semicolon each. */
async function answersOf(socket: Socket, count: number): Promise<string[]> {
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
    const bodies = [...text.matchAll(/\r\n\r\n([^;\r]*);/g)].map(([, body]) => body!);
    if (bodies.length >= count) return bodies;
  }
  throw new Error(`the connection ended after ${text.length} bytes`);
}

it('lets another client in between the requests of one connection', async () => {
  const count = 3000;
  let [begun, running, most, before] = [0, 0, 0, -1];
  let sendOther = (): void => {};
  const open = await serve((request, response) => {
    if (request.url === '/other') before = begun;
    else {
      begun++;
      most = Math.max(most, ++running);
      response.once('close', () => running--);
    }
    if (begun === 1) sendOther();
    // Refusals are answered in the turn that they are read in.
    response.end(`${request.url};`);
  });
  const [many, other] = [await open(), await open()];
  sendOther = () => void other.write(get('/other'));
  const answers = answersOf(many, count);
  many.write(Array.from({ length: count }, (_, at) => get(`/${at}`)).join(''));
  expect(await answersOf(other, 1)).toEqual(['/other']);
  expect(before).toBeLessThan(count / 4);
  expect(await answers).toEqual(Array.from({ length: count }, (_, at) => `/${at}`));
  expect(most).toBeLessThanOrEqual(mostOfConnection);
});

it('gives each request its body, also one that is longer than a read', async () => {
  const open = await serve((request, response) => {
    let length = 0;
    request.on('data', (chunk: Buffer) => (length += chunk.length));
    request.on('end', () => setImmediate(() => response.end(`${length};`)));
  });
  const socket = await open();
  const lengths = Array.from({ length: 60 }, (_, at) => (at % 20 === 19 ? 300_000 : at));
  const answers = answersOf(socket, lengths.length);
  socket.write(lengths.map((length) => post('/', 'x'.repeat(length))).join(''));
  expect(await answers).toEqual(lengths.map(String));
});

it('begins nothing more of a connection that has ended', async () => {
  let begun = 0;
  const waiting: (() => void)[] = [];
  const open = await serve((_, response) => {
    begun++;
    waiting.push(() => void response.end('late;'));
  });
  const socket = await open();
  socket.write(get('/').repeat(100));
  while (begun < mostOfConnection) await new Promise(setImmediate);
  socket.destroy();
  const next = await open();
  next.write(get('/next'));
  while (begun <= mostOfConnection) await new Promise(setImmediate);
  for (const answer of waiting) answer();
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(begun).toBe(mostOfConnection + 1);
});

it('reads no more of a client that sends without end and takes no answer, and answers all when it does', async () => {
  const count = 40_000;
  let [seen, begun] = [0, 0];
  const turns = inTurns((request, response) => {
    // A long answer makes Node.js itself stop to read.
    response.end(`${request.url};${'x'.repeat(begun++ % 10 === 0 ? 20_000 : 300)}`);
  });
  const http = createServer((request, response) => {
    seen++;
    turns.listener(request as never, response as never);
  });
  // As the server reads connections.
  answerUnparsed(http, turns.isIdle, () => undefined);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const socket = connect((http.address() as AddressInfo).port, '127.0.0.1');
  closing.push(() => {
    socket.destroy();
    http.close();
  });
  await once(socket, 'connect');
  // Bodies that nobody reads: Node.js drops them after the answer.
  for (let at = 0; at < count; at += 100) {
    socket.write(Array.from({ length: 100 }, (_, i) => post(`/${at + i}`, 'a body')).join(''));
  }
  for (let before = -1; before !== seen; ) {
    before = seen;
    await new Promise((later) => setTimeout(later, 500));
  }
  // About what one read brings.
  expect(seen - begun).toBeLessThan(2000);
  let answered = 0;
  for await (const chunk of socket) {
    answered += String(chunk).split(';').length - 1;
    if (answered === count) break;
  }
  expect(answered).toBe(count);
});
