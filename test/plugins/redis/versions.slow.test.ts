/** Servers that share a log in Redis, and watch one folder: a decision of one of them on versions is that of all. One of them has two processes. */
import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { train } from '../../../src/api.ts';
import { startServer } from '../../app/cli/tower.ts';
import { trainFilms } from '../../serving/server/films.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { type RedisServer, redisAbsent, redisProgram, startRedis } from './redis_server.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const inTime = { timeout: 60_000, interval: 50 };

describe.skipIf(redisProgram === undefined)(`servers of one log and one folder${redisAbsent}`, () => {
  let redis: RedisServer;
  let first: string;
  let second: string;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    await trainFilms(root);
    await train(at('model.tower'), {
      ...{ data: at('data.tower'), out: at('second'), engine: 'onnx' },
      set: { epochs: 2 },
    });
    [first, second] = ['run', 'second'].map(
      (name) => JSON.parse(readFileSync(at(`${name}/manifest.json`), 'utf8')).checksum,
    ) as [string, string];
    mkdirSync(at('live'));
    cpSync(at('run'), at('live/1'), { recursive: true });
  }, 120_000);
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await redis?.remove();
  });

  async function start(...more: readonly string[]) {
    const log = redis.url('shop');
    const options = ['--items', log, '--events', log, '--no-log', ...more];
    const { child, url, said } = await startServer(['--watch', 'live', ...options], { cwd: root });
    children.push(child);
    const ask = async (method: string, path: string, body?: object) => {
      const headers = { connection: 'close', ...(body ? { 'content-type': 'application/json' } : {}) };
      const answer = await fetch(url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
      return { status: answer.status, body: await answer.json() };
    };
    const current = async () => (await ask('GET', '/v1/versions')).body.current.version;
    return { ask, current, said };
  }
  type Started = Awaited<ReturnType<typeof start>>;
  const agree = (servers: readonly Started[], id: string) =>
    vi.waitFor(async () => {
      for (const server of servers) expect(await server.current()).toBe(id);
    }, inTime);
  const change = async (server: Started, name: string, body = {}) => {
    const { status, body: answer } = await server.ask('POST', `/v1/versions/${name}`, body);
    expect({ status, answer }).toMatchObject({ status: 200 });
  };

  it('roll back together, and a server that starts later begins with the version of the others', async () => {
    const [one, two] = [await start(), await start('--processes', '2')];
    cpSync(at('second'), at('live/.2'), { recursive: true });
    renameSync(at('live/.2'), at('live/2'));
    await agree([one, two], second);
    const later = await start();
    expect(await later.current()).toBe(second);
    await change(one, 'rollback');
    await agree([one, two, later], first);
    const last = await start('--processes', '2');
    expect(await last.current()).toBe(first);
    // The folder is looked at each second: the version that was rolled back from does not come again by itself.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await agree([one, two, later, last], first);
    expect(one.said() + two.said() + later.said()).not.toContain('left out');

    // A process also knows what another server has just acknowledged.
    for (let at = 0; at < 10; at++) {
      const items = Array.from({ length: 40 }, (_, i) => ({
        key: `i${at}-${i}`,
        columns: { title: 'New', genre: 'War', year: 2000 },
      }));
      expect((await one.ask('POST', '/v1/items', items as object)).status).toBe(200);
      expect((await two.ask('POST', '/v1/events', { user: 'new', item: `i${at}-39`, time: 400 })).status).toBe(200);
    }
  }, 180_000);

  it('leave the version that rollbacks name, however many are sent, and whichever server is faster', async () => {
    const servers = [await start(), await start()];
    for (const seed of [3, 4]) {
      const [out, left] = [at(`seed${seed}`), await servers[0]!.current()];
      await train(at('model.tower'), { data: at('data.tower'), out, engine: 'onnx', set: { seed } });
      const id: string = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')).checksum;
      renameSync(out, at(`live/seed${seed}`));
      await agree(servers, id);
      await Promise.all(
        [0, 0, 50, 200, 400].map(async (delay, index) => {
          await new Promise((resolve) => setTimeout(resolve, delay));
          await change(servers[index % 2]!, 'rollback', { version: id });
        }),
      );
      expect(await Promise.all(servers.map(({ current }) => current()))).toEqual([left, left]);
    }
  }, 180_000);
});
