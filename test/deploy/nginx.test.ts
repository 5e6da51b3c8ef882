/** The configuration of the guide in a real nginx, before two servers. Skips where nginx or openssl is not installed. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Server } from '../../src/serving/server/server.ts';
import { type Served, serveSmall } from '../serving/server/served.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';

const isThere = ['nginx', 'openssl'].every(
  (program) => spawnSync(program, [program === 'nginx' ? '-v' : 'version']).status === 0,
);
if (!isThere) console.warn('skipped: nginx or openssl is not installed');

const root = temporaryFolder();
let served: Served;
let servers: Server[];
let nginx: ChildProcess | undefined;
let port: number;
let certificate: Buffer;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return free;
}

interface Answer {
  readonly status: number;
  readonly id: string;
  readonly text: string;
}

function post(path: string, body: string, method = 'POST'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, ca: certificate, servername: 'tower.example.com' };
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asked = request({ ...options, headers }, async (answer) => {
      let text = '';
      for await (const piece of answer) text += piece;
      resolve({ status: answer.statusCode!, id: String(answer.headers['x-request-id']), text });
    });
    asked.on('error', reject).end(body);
  });
}

beforeAll(async () => {
  if (!isThere) return;
  served = await serveSmall(root);
  servers = [await served.server(), await served.server()];
  const addresses = await Promise.all(servers.map((server) => server.listen('127.0.0.1', 0)));
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
    .replace('127.0.0.1:8321', addresses[0]!.replace('http://', ''))
    .replace('127.0.0.1:8322', addresses[1]!.replace('http://', ''))
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
    const answer = await post('/v1/recommend', '{"user": "u1"}').catch(() => undefined);
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
  await Promise.all((servers ?? []).map((server) => server.close()));
});

describe.skipIf(!isThere)('nginx', () => {
  it('passes questions, ids and refusals over TLS', async () => {
    const { status, id, text } = await post('/v1/recommend', '{"user": "u1"}');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject(JSON.parse(JSON.stringify(await served.answers.recommend({ user: 'u1' }))));
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect((await post('/v1/recommend', '{}')).status).toBe(400);
    expect((await post('/v1/recommend', ' '.repeat(1_100_000))).status).toBe(413);
    expect((await post(`/v1/models/${served.trained.plan.model}:predict`, '{"instances": ["u1"]}')).status).toBe(200);
  });

  it('sends no write to any server, because the others would not know of it', async () => {
    const [body, message] = ['{"title": "New"}', 'writes do not go through this proxy'];
    const refused = [
      await post('/v1/items/new', body, 'PUT'),
      await post('/v1/items/new', '', 'DELETE'),
      await post('/v1/users/u1', '', 'DELETE'),
      await post('/v1/items', '[]'),
      await post('/v1/events', '[]'),
      await post('/v1/versions/promote', '{}'),
    ];
    for (const { status, text } of refused) {
      expect({ status, message: JSON.parse(text).errors[0].message }).toEqual({ status: 403, message });
    }
    expect((await post('/v1/items?text=a', '', 'GET')).status).toBe(200);
  });

  it('loses no question when a server stops', async () => {
    let isStopped = false;
    const statuses: number[] = [];
    const ask = async (): Promise<void> => {
      for (let after = 0; after < 15; ) {
        statuses.push((await post('/v1/recommend', '{"user": "u2"}')).status);
        if (isStopped) after++;
      }
    };
    const asking = Promise.all(Array.from({ length: 4 }, ask));
    await servers[0]!.close();
    isStopped = true;
    await asking;
    expect(statuses.length).toBeGreaterThan(59);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});
