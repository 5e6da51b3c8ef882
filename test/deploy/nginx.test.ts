/** The configuration of the guide in a real nginx, before two servers of one log in a real Redis. Skips where one of the programs is not installed. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { load, type Run, type Serving, serve } from '../../src/api.ts';
import { type RedisServer, redisProgram, startRedis } from '../plugins/redis/redis_server.ts';
import { trainFilms } from '../serving/server/films.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';

const isThere =
  redisProgram !== undefined &&
  ['nginx', 'openssl'].every((program) => spawnSync(program, [program === 'nginx' ? '-v' : 'version']).status === 0);
if (!isThere) console.warn('skipped: nginx, openssl or redis-server is not installed');

const root = temporaryFolder();
const token = 'a-token-of-the-test';
let run: Run;
let redis: RedisServer;
const servers: Serving[] = [];
let wire: Server;
/** What happens to the answers of the first server: they arrive, or their connection ends before. */
let losesAnswers = false;
let nginx: ChildProcess | undefined;
let port: number;
let certificate: Buffer;

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const free = await listening(server);
  server.close();
  await once(server, 'close');
  return free;
}

/** Passes bytes on to a server, and loses its answers if it is asked to. */
function makeWire({ url }: Serving): Server {
  return createServer((socket) => {
    const behind = connect(Number(new URL(url).port), '127.0.0.1');
    socket.pipe(behind);
    behind.on('data', (bytes) => (losesAnswers ? socket.destroy() : socket.write(bytes)));
    for (const [own, other] of [[socket, behind] as const, [behind, socket] as const])
      own.on('error', () => {}).on('close', () => other.destroy());
  });
}

interface Answer {
  readonly status: number;
  readonly id: string;
  readonly text: string;
}

function send(method: string, path: string, value?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
    const options = { host: '127.0.0.1', port, path, method, ca: certificate, servername: 'tower.example.com' };
    const headers = {
      ...{ authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      'content-length': Buffer.byteLength(body),
    };
    const asked = request({ ...options, headers }, async (answer) => {
      let text = '';
      for await (const piece of answer) text += piece;
      resolve({ status: answer.statusCode!, id: String(answer.headers['x-request-id']), text });
    });
    asked.on('error', reject).end(body);
  });
}

const ask = async (to: Serving, path: string, value: unknown) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return (await fetch(`${to.url}${path}`, { method: 'POST', headers, body: JSON.stringify(value) })).json();
};
const historyOf = async (to: Serving, user: string): Promise<string[]> =>
  (await ask(to, '/v1/recommend', { user, k: 1, history: 50 })).history.map(({ key }: { key: string }) => key);
/** Repeats a question until all servers give the same answer, which is expected. */
const inAll = async (read: (server: Serving) => Promise<unknown>, expected: unknown): Promise<void> => {
  for (const server of servers) {
    for (const end = Date.now() + 10_000; Date.now() < end; )
      if (JSON.stringify(await read(server)) === JSON.stringify(expected)) break;
      else await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await read(server)).toEqual(expected);
  }
};

beforeAll(async () => {
  if (!isThere) return;
  run = await load(await trainFilms(root), { engine: 'onnx' });
  redis = await startRedis();
  const log = redis.url('shop');
  for (let at = 0; at < 2; at++) servers.push(await serve(run, { port: 0, token, items: log, events: log }));
  wire = makeWire(servers[0]!);
  const ports = [await listening(wire), new URL(servers[1]!.url).port];
  port = await freePort();
  const [key, crt] = [join(root, 'tower.key'), join(root, 'tower.crt')];
  const subject = ['-subj', '/CN=tower.example.com', '-addext', 'subjectAltName=DNS:tower.example.com'];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      key,
      '-out',
      crt,
      '-days',
      '2',
      ...subject,
    ],
    { stdio: 'ignore' },
  );
  certificate = readFileSync(crt);
  const site = readFileSync('deploy/nginx.conf', 'utf8')
    .replace('127.0.0.1:8321', `127.0.0.1:${ports[0]}`)
    .replace('127.0.0.1:8322', `127.0.0.1:${ports[1]}`)
    // The test loses more answers in a row than a server may.
    .replaceAll('max_fails=2', 'max_fails=0')
    .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replace('/etc/ssl/tower.crt', crt)
    .replace('/etc/ssl/tower.key', key);
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${root}/${name};`,
  );
  mkdirSync(join(root, 'logs'), { recursive: true });
  writeFileSync(
    join(root, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${root}/nginx.pid; error_log ${root}/logs/error.log;
events { worker_connections 256; }
http { access_log off; ${folders.join(' ')}
${site} }`,
  );
  nginx = spawn('nginx', ['-p', root, '-c', join(root, 'nginx.conf')], { stdio: 'ignore' });
  for (let tries = 0; tries < 200; tries++) {
    const answer = await send('POST', '/v1/recommend', { user: 'u1' }).catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(readFileSync(join(root, 'logs/error.log'), 'utf8'));
}, 120_000);

afterAll(async () => {
  if (nginx) {
    nginx.kill('SIGTERM');
    await once(nginx, 'exit');
  }
  wire?.close();
  await Promise.all(servers.map((server) => server.close()));
  await run?.close();
  await redis?.remove();
});

describe.skipIf(!isThere)('nginx', () => {
  it('passes questions, ids and refusals over TLS', async () => {
    const { status, id, text } = await send('POST', '/v1/recommend', { user: 'u1' });
    expect(status).toBe(200);
    const { request: _, ...answer } = await ask(servers[1]!, '/v1/recommend', { user: 'u1' });
    expect(JSON.parse(text)).toMatchObject(answer);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect((await send('POST', '/v1/recommend', {})).status).toBe(400);
    expect((await send('POST', '/v1/recommend', ' '.repeat(1_100_000))).status).toBe(413);
    expect((await send('POST', '/v1/vectors', { user: 'u1' })).status).toBe(200);
    expect((await send('GET', '/v1/items?text=film')).status).toBe(200);
  });

  it('passes writes to either server, and both have them', async () => {
    const items = ['n0', 'n1', 'n2', 'n3'];
    for (const key of items)
      expect((await send('PUT', `/v1/items/${key}`, { title: `New ${key}`, genre: 'War', year: 2020 })).status).toBe(
        200,
      );
    await inAll(
      async (server) => (await ask(server, '/v1/recommend', { user: 'u1', filter: 'year = 2020', k: 9 })).items.length,
      items.length,
    );
    for (const [at, key] of items.entries())
      expect((await send('POST', '/v1/events', { user: 'new', item: key, time: 500 + at })).status).toBe(200);
    await inAll((server) => historyOf(server, 'new'), items.toReversed());
    expect((await send('DELETE', '/v1/items/n0')).status).toBe(200);
    expect((await send('DELETE', '/v1/users/new')).status).toBe(200);
    await inAll((server) => historyOf(server, 'new'), []);
  });

  it('passes on changes of versions, which these servers refuse because they have one', async () => {
    const { status, text } = await send('POST', '/v1/versions/rollback', {});
    expect({ status, code: JSON.parse(text).errors[0].code }).toEqual({ status: 409, code: 'version-change' });
    expect((await send('GET', '/v1/versions')).status).toBe(200);
  });

  it('sends a PUT or a DELETE whose answer is lost to the other server, and an event to none, so that it counts once', async () => {
    const item = { title: 'Sent twice', genre: 'War', year: 2020 };
    losesAnswers = true;
    const put = [await send('PUT', '/v1/items/twice', item), await send('PUT', '/v1/items/twice', item)];
    expect(put.map(({ status }) => status)).toEqual([200, 200]);
    // One of two goes to the server whose answers are lost.
    const events = [0, 1].map((at) => ({ user: 'once', item: 'twice', time: 600 + at }));
    const sent = [await send('POST', '/v1/events', events[0]), await send('POST', '/v1/events', events[1])];
    expect(sent.map(({ status }) => status).sort()).toEqual([200, 502]);
    const named = events.map((event, at) => ({ ...event, user: 'named', id: `event ${at}` }));
    for (const event of named) while ((await send('POST', '/v1/events', event)).status !== 200);
    const gone = [await send('DELETE', '/v1/items/f3'), await send('DELETE', '/v1/items/f4')];
    losesAnswers = false;
    expect(gone.map(({ status }) => status).sort()).toEqual([200, 404]);
    for (const user of ['once', 'named']) await inAll((server) => historyOf(server, user), ['twice', 'twice']);
    for (const key of ['f3', 'f4'])
      await inAll(async (server) => (await ask(server, '/v1/similar', { item: key })).errors[0].code, 'unknown-name');
  });

  it('loses no question and no write when a server stops', async () => {
    let isStopped = false;
    const statuses: number[] = [];
    const loop = async (work: (at: number) => Promise<Answer>): Promise<void> => {
      for (let at = 0, after = 0; after < 15; at++) {
        statuses.push((await work(at)).status);
        if (isStopped) after++;
      }
    };
    const event = (at: number) => send('POST', '/v1/events', { user: 'u3', item: 'f5', time: 1000 + at });
    const works = [
      event,
      () => send('POST', '/v1/recommend', { user: 'u2' }),
      (at: number) => send('PUT', `/v1/items/p${at}`, { title: 'P', genre: 'War', year: 1 }),
    ];
    const asking = Promise.all(works.map((work) => loop(work)));
    await servers.pop()!.close();
    isStopped = true;
    await asking;
    expect(statuses.length).toBeGreaterThan(44);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});
