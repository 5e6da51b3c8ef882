/** What is answered before Node.js reads it, and what Node.js reads from then on. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { inTurns } from '../../src/server/pipeline.ts';
import { type AnswerUnparsed, answerUnparsed } from '../../src/server/unparsed.ts';

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => void close()));

const parsed: string[] = [];
const unparsed: string[] = [];
const refuse: AnswerUnparsed = ({ url }) => {
  if (!url.startsWith('/busy')) return undefined;
  unparsed.push(url);
  return 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy';
};
const answer: RequestListener = (request, response) => {
  parsed.push(request.url!);
  request.resume().once('end', () => response.end(`${request.url};`));
};

async function open(): Promise<Socket> {
  parsed.length = 0;
  unparsed.length = 0;
  const turns = inTurns(answer);
  const http = createServer(turns.listener);
  answerUnparsed(http, turns.isIdle, refuse);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const socket = connect((http.address() as AddressInfo).port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  closing.push(() => {
    socket.destroy();
    http.close();
  });
  return socket;
}

const post = (path: string, body = 'body'): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

async function ask(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString();
}

it('answers a request of a connection whose first request Node.js has read', async () => {
  const socket = await open();
  expect(await ask(socket, post('/busy/1'))).toMatch(/^HTTP\/1.1 200 /);
  expect(await ask(socket, post('/busy/2'))).toMatch(/^HTTP\/1.1 503 /);
  expect(await ask(socket, post('/free'))).toMatch(/^HTTP\/1.1 200 /);
  expect(await ask(socket, post('/busy/3'))).toMatch(/^HTTP\/1.1 503 /);
  expect(parsed).toEqual(['/busy/1', '/free']);
  expect(unparsed).toEqual(['/busy/2', '/busy/3']);
});

it('leaves a connection to Node.js once a request of it came in parts', async () => {
  const socket = await open();
  await ask(socket, post('/busy/1'));
  const text = post('/busy/2');
  socket.write(text.slice(0, 20));
  await new Promise((resolve) => setTimeout(resolve, 50));
  // The rest of it, that looks like a whole request.
  expect(await ask(socket, text.slice(20))).toMatch(/^HTTP\/1.1 200 /);
  expect(await ask(socket, post('/busy/3'))).toMatch(/^HTTP\/1.1 200 /);
  expect([parsed, unparsed]).toEqual([['/busy/1', '/busy/2', '/busy/3'], []]);
});

it('takes no body for a request', async () => {
  const socket = await open();
  await ask(socket, post('/busy/1'));
  const inner = post('/busy/inner');
  socket.write(`POST /free HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\n\r\n`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await ask(socket, inner)).toMatch(/\/free;$/);
  expect(unparsed).toEqual([]);
});

it('keeps the order of answers', async () => {
  const socket = await open();
  await ask(socket, post('/busy/1'));
  socket.write(post('/free/1') + post('/busy/2'));
  socket.write(post('/busy/3'));
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.includes('/busy/3;')) break;
  }
  expect(text.match(/\/[\w/]+;/g)).toEqual(['/free/1;', '/busy/2;', '/busy/3;']);
});
