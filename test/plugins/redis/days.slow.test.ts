/**
 * Days of a model whose events are in Redis: `deploy/replicas.sh` starts Redis and two servers, a third one has two processes, and `tower live` closes the days.
 * The ports of the script are free ones here.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { load, train } from '../../../src/api.ts';
import { program, tower } from '../../app/cli/tower.ts';
import { filmKeys, trainFilms } from '../../serving/server/films.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { redisAbsent, redisProgram } from './redis_server.ts';

const root = temporaryFolder();
const at = (...parts: readonly string[]): string => join(root, ...parts);
const inTime = { timeout: 60_000, interval: 100 };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Returns the processes below a process, as Linux lists them. */
const processesBelow = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
    .map(Number)
    .flatMap((child) => [child, ...processesBelow(child)]);
const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe.skipIf(redisProgram === undefined)(`days with a log in Redis${redisAbsent}`, () => {
  let script: ChildProcess;
  let third: ChildProcess | undefined;
  let said = '';
  let ports: readonly number[];
  let address: string;
  let environment: Readonly<Record<string, string>>;

  beforeAll(async () => {
    mkdirSync(at('views'));
    mkdirSync(at('live'));
    mkdirSync(at('node_modules/.bin'), { recursive: true });
    symlinkSync(program, at('node_modules/.bin/tower'));
    await trainFilms(root);
    // The events are in a folder, to which each day adds files.
    cpSync(at('events.csv'), at('views/events.csv'));
    const block = readFileSync(at('data.tower'), 'utf8');
    writeFileSync(at('data.tower'), block.replace('"events.csv"', '"views/**/*.{csv,parquet}"'));
    await train(at('model.tower'), { data: at('data.tower'), out: at('first'), engine: 'onnx' });
    await train(undefined, { final: at('first'), out: at('live/1') });

    const [redisPort, ...servers] = [await freePort(), await freePort(), await freePort(), await freePort()];
    ports = servers;
    const text = readFileSync('deploy/replicas.sh', 'utf8')
      .replace('--port 6379', `--port ${redisPort}`)
      .replace('redis-cli ping', `redis-cli -p ${redisPort} ping`)
      .replace('127.0.0.1/shop', `127.0.0.1:${redisPort}/shop`)
      .replace('8321 8322', `${ports[0]} ${ports[1]}`);
    writeFileSync(at('replicas.sh'), text);
    script = spawn('bash', [at('replicas.sh'), '--watch', 'live', '--engine', 'onnx'], { cwd: root });
    for (const stream of [script.stdout!, script.stderr!]) stream.on('data', (piece) => (said += piece));
    await vi.waitFor(() => expect(said.match(/^serving live on/gm)).toHaveLength(2), inTime);

    address = `redis://127.0.0.1:${redisPort}/shop`;
    environment = { REDISCLI_AUTH: readFileSync(at('redis/password'), 'utf8').trim() };
    const options = ['--token-file', 'redis/token', '--events', address, '--items', address, '--engine', 'onnx'];
    third = spawn(
      process.execPath,
      [program, 'serve', '--watch', 'live', '--processes', '2', '--port', String(ports[2]), ...options],
      { cwd: root, env: { ...process.env, ...environment } },
    );
    third.stderr!.on('data', (piece) => (said += piece));
    await vi.waitFor(() => expect(said).toMatch(/^serving live on .* in 2 processes/m), inTime);
  }, 180_000);
  afterAll(async () => {
    third?.kill('SIGKILL');
    if (script?.exitCode === null) script.kill('SIGTERM');
  });

  async function ask(port: number, method: string, path: string, body?: unknown) {
    const token = readFileSync(at('redis/token'), 'utf8').trim();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' };
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      ...{ method, headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      text,
      body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : undefined,
    };
  }
  const historyOf = async (port: number, user: string): Promise<string[]> =>
    (await ask(port, 'POST', '/v1/recommend', { user, k: 1, history: 1000 })).body.history.map(
      ({ key }: { readonly key: string }) => key,
    );
  /** Sends events to the servers in turn, and returns them. */
  async function sendDay(first: number, count: number): Promise<readonly object[]> {
    const events = Array.from({ length: count }, (_, i) => ({
      ...{ user: i % 3 === 0 ? 'new' : `u${i % 12}`, item: filmKeys[(i * 11) % filmKeys.length] },
      ...{ time: first + i, id: `event ${first + i}` },
    }));
    for (const [i, event] of events.entries())
      expect((await ask(ports[i % 3]!, 'POST', '/v1/events', event)).body).toMatchObject({ outcome: 'added' });
    return events;
  }
  const closeDay = async () => {
    const { code, stdout, stderr } = await tower(['live', 'live', '--events', address, '--into', 'views', '--json'], {
      cwd: root,
      env: environment,
    });
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout);
  };
  const rowsOf = async (version: string): Promise<number> => {
    const run = await load(at('live', version));
    const { parts } = await run.dataset();
    await run.close();
    return parts.train.rows;
  };

  it('all servers take the version of the day, and no event counts twice', async () => {
    await sendDay(1000, 5);
    expect(await closeDay()).toMatchObject({ events: 5, outcome: 'waiting' });
    let [first, rows] = [1005, 245];
    for (const count of [500, 505]) {
      const events = await sendDay(first, count);
      const before = await historyOf(ports[0]!, 'new');
      const day = await closeDay();
      expect(day).toMatchObject({ events: count, outcome: 'published' });
      rows += count;
      expect(await rowsOf('../live.candidate')).toBe(rows);
      for (const port of ports) {
        const folderOf = async () => (await ask(port, 'GET', '/v1/versions')).body.current.folder;
        await vi.waitFor(async () => expect(await folderOf()).toBe(`live/${day.published}`), inTime);
        expect(await historyOf(port, 'new')).toEqual(before);
        expect((await ask(port, 'GET', '/metrics')).text).toMatch(/^tower_later_events\{.*\} 0$/m);
        // A client that tries again after the events were filed.
        expect((await ask(port, 'POST', '/v1/events', events[7])).body).toMatchObject({ outcome: 'known' });
      }
      first += count;
    }
    expect(await closeDay()).toMatchObject({ events: 0, outcome: 'nothing new' });
  }, 300_000);

  it('a day after a rollback goes on from the version that answers', async () => {
    const stable = async (port: number) => (await ask(port, 'GET', '/v1/versions')).body.current.folder as string;
    const left = await stable(ports[0]!);
    expect((await ask(ports[2]!, 'POST', '/v1/versions/rollback', {})).status).toBe(200);
    const kept = await stable(ports[2]!);
    expect(kept).not.toBe(left);
    for (const port of ports) await vi.waitFor(async () => expect(await stable(port)).toBe(kept), inTime);
    await sendDay(4000, 500);
    const day = await closeDay();
    expect(day).toMatchObject({ events: 500, outcome: 'published', version: kept.slice('live/'.length) });
    for (const port of ports)
      await vi.waitFor(async () => expect(await stable(port)).toBe(`live/${day.published}`), inTime);
  }, 180_000);

  it('a server and Redis that are killed start again, with all events', async () => {
    const event = { user: 'late', item: filmKeys[3], time: 6000, id: 'late' };
    expect((await ask(ports[0]!, 'POST', '/v1/events', event)).status).toBe(200);
    const kill = (pattern: RegExp): void => {
      const found = processesBelow(script.pid!).find((pid) =>
        pattern.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')),
      );
      process.kill(found!, 'SIGKILL');
    };
    kill(/^redis-server/);
    kill(new RegExp(`^node.*--port.${ports[1]}`));
    const later = { ...event, time: 6001, id: 'later' };
    await vi.waitFor(async () => expect((await ask(ports[0]!, 'POST', '/v1/events', later)).status).toBe(200), inTime);
    for (const port of ports)
      await vi.waitFor(async () => expect(await historyOf(port, 'late')).toEqual([filmKeys[3], filmKeys[3]]), inTime);
  }, 180_000);

  it('the script ends with all that it has started', async () => {
    const started = processesBelow(script.pid!);
    expect(started.length).toBeGreaterThan(5);
    const ended = once(script, 'exit');
    script.kill('SIGTERM');
    await ended;
    await vi.waitFor(() => expect(started.filter(isRunning)).toEqual([]), inTime);
  }, 90_000);
});
