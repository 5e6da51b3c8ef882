/** `tower serve --processes`: one address and one log for several processes, of which any may end. */
import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { train } from '../../../../src/api.ts';
import { temporaryFolder } from '../../../training/temporary_folder.ts';
import { writeProject } from '../project.ts';
import { type StartedServer, startServer, tower } from '../tower.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const settings = { epochs: 1 };

beforeAll(async () => {
  writeProject(root);
  await train(at('films.tower'), { data: at('data.tower'), out: at('run'), engine: 'onnx', set: settings });
}, 60_000);

let started: StartedServer | undefined;
afterEach(() => void started?.child.kill('SIGKILL'));

async function start(...args: readonly string[]): Promise<StartedServer> {
  started = await startServer([...args, '--processes', '2'], { cwd: root });
  return started;
}

/** The processes that answer, as Linux lists the children of the primary. */
const processesOf = ({ pid }: ChildProcess): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('serving_process'))
    .map(Number);

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** @param agent keeps its connections, so that a request goes to the process of its connection; none: each request is a new connection */
const ask = (url: string, method: string, body: object | undefined, agent?: Agent): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(agent ? {} : { connection: 'close' }),
    };
    const asked = request(url, { method, headers, ...(agent ? { agent } : { agent: false }) });
    asked.on('response', async (answer) => {
      let text = '';
      for await (const piece of answer) text += piece;
      resolve({ status: answer.statusCode!, body: text });
    });
    asked.setTimeout(20_000, () => asked.destroy(new Error(`no answer to ${method} ${url}`)));
    asked.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
const question = { user: 'u4', k: 3 };
const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));
const all200 = (answers: readonly Answer[]) =>
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
const keptOpen = () => new Agent({ keepAlive: true, maxSockets: 64 });

it('answers as one process, writes all lines of the log, adds up metrics, and answers all that was sent before SIGTERM', async () => {
  const { child, url, done } = await start('run');
  const agent = keptOpen();
  const send = () => times(64, () => ask(`${url}/v1/recommend`, 'POST', question, agent));
  const answers = await send();
  all200(answers);
  const alone = await tower(['recommend', 'run', '--user', 'u4', '-k', '3', '--json', '--engine', 'onnx'], {
    cwd: root,
  });
  const { items } = JSON.parse(alone.stdout);
  for (const { body } of answers) expect(JSON.parse(body)).toMatchObject({ items });
  expect((await ask(`${url}/healthz`, 'GET', undefined)).status).toBe(200);
  const { body: metrics } = await ask(`${url}/metrics`, 'GET', undefined);
  expect(metrics).toContain('tower_requests_total{route="/v1/recommend",status="200"} 64\n');
  expect(metrics).toContain('tower_processes 2\n');
  expect(metrics.match(/^tower_corpus_items\{.*/gm)).toHaveLength(1);

  const asked = send();
  await new Promise(setImmediate);
  child.kill('SIGTERM');
  all200(await asked);
  agent.destroy();
  const { code, stdout } = await done;
  expect(code).toBe(0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.filter(({ route }) => route === '/v1/recommend')).toHaveLength(128);
}, 120_000);

it('shows a written item in the next answer of every process, and a new start shows it again', async () => {
  const first = await start('run', '--items', 'written');
  for (let index = 0; index < 20; index++) {
    const key = `new-${index}`;
    const written = await ask(`${first.url}/v1/items/${key}`, 'PUT', { title: key });
    expect(JSON.parse(written.body)).toEqual({ key, outcome: 'added' });
    const found = await times(8, () => ask(`${first.url}/v1/similar`, 'POST', { item: key, k: 1 }));
    all200(found);
  }
  const gone = await times(8, () => ask(`${first.url}/v1/items/new-1`, 'DELETE', undefined));
  // Several processes may take the same deletion before they know of each other's.
  expect(gone.some(({ status }) => status === 200)).toBe(true);
  const refused = await times(8, () => ask(`${first.url}/v1/similar`, 'POST', { item: 'new-1' }));
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([400]));
  const { body: metrics } = await ask(`${first.url}/metrics`, 'GET', undefined);
  expect(metrics).toContain('tower_written_items 19\n');
  first.child.kill('SIGTERM');
  expect((await first.done).code).toBe(0);
  const again = await start('run', '--items', 'written');
  all200(await times(8, () => ask(`${again.url}/v1/similar`, 'POST', { item: 'new-19' })));
}, 120_000);

it('shows an event in the next answer of every process, and counts one that two processes get at once a single time', async () => {
  const { url } = await start('run', '--events', 'events');
  const latest = async (user: string): Promise<string[][]> => {
    const answers = await times(8, () => ask(`${url}/v1/recommend`, 'POST', { user, k: 1, history: 3 }));
    all200(answers);
    return answers.map(({ body }) => JSON.parse(body).history.map(({ key }: { readonly key: string }) => key));
  };
  const [first, second] = ['m1', 'm2'];
  all200([await ask(`${url}/v1/events`, 'POST', { user: 'somebody', item: first, time: 5000 })]);
  for (const history of await latest('somebody')) expect(history).toEqual([first]);
  const event = { user: 'somebody', item: second, time: 5001, id: 'once' };
  all200(await times(16, () => ask(`${url}/v1/events`, 'POST', event)));
  for (const history of await latest('somebody')) expect(history).toEqual([second, first]);
  const { body: metrics } = await ask(`${url}/metrics`, 'GET', undefined);
  // Two processes that get it at once may both write it to the log. Versions and files leave the later one out.
  expect(metrics).toMatch(/tower_logged_events [23]\n/);
}, 120_000);

describe.skipIf(process.platform !== 'linux')('a process that is killed', () => {
  it('fails only the requests that it had, loses no write, and is replaced by one that knows all of them', async () => {
    const { child, url, said } = await start('run', '--items', 'killed', '--no-log');
    let isOver = false;
    const writtenKeys: string[] = [];
    const failures: unknown[] = [];
    const statuses = new Set<number>();
    const client = async (name: string): Promise<void> => {
      for (let index = 0; !isOver; index++) {
        const key = `${name}-${index}`;
        const work = async (): Promise<void> => {
          const { status } = await ask(`${url}/v1/items/${key}`, 'PUT', { title: key });
          if (status === 200) writtenKeys.push(key);
          statuses.add(status);
          for (const answer of [await ask(`${url}/v1/recommend`, 'POST', question)]) statuses.add(answer.status);
        };
        await work().catch((error: NodeJS.ErrnoException) => failures.push(error.code ?? error.message));
      }
    };
    const clients = times(4, (index) => client(`c${index}`));
    const killed: number[] = [];
    for (let round = 0; round < 3; round++) {
      await vi.waitFor(() => expect(processesOf(child)).toHaveLength(2), { timeout: 30_000, interval: 20 });
      await vi.waitFor(() => expect(said().match(/^process \d+ answers$/gm) ?? []).toHaveLength(round), {
        timeout: 30_000,
      });
      await new Promise((later) => setTimeout(later, 300));
      killed.push(processesOf(child)[0]!);
      process.kill(killed.at(-1)!, 'SIGKILL');
      await vi.waitFor(() => expect(said()).toContain(`process ${killed.at(-1)} ended by SIGKILL`), {
        timeout: 10_000,
      });
    }
    await vi.waitFor(() => expect(said().match(/^process \d+ answers$/gm) ?? []).toHaveLength(3), { timeout: 30_000 });
    isOver = true;
    await clients;
    // A client has one request at a time, so a kill ends at most one of each.
    expect(failures.length).toBeLessThanOrEqual(3 * 4);
    expect(new Set(failures)).toEqual(failures.length > 0 ? new Set(['ECONNRESET']) : new Set());
    expect(statuses).toEqual(new Set([200]));
    expect(writtenKeys.length).toBeGreaterThan(20);
    for (const key of writtenKeys.filter((_, index) => index % 5 === 0))
      all200(await times(4, () => ask(`${url}/v1/similar`, 'POST', { item: key, k: 1 })));
    const { body: metrics } = await ask(`${url}/metrics`, 'GET', undefined);
    expect(metrics).toContain('tower_process_restarts_total 3\n');
    expect(said()).toMatch(/another one is started in 1 s/);
  }, 180_000);
});

it('changes the versions of all processes before it answers a rollback', async () => {
  await train(at('films.tower'), {
    ...{ data: at('data.tower'), out: at('second'), engine: 'onnx' },
    set: { ...settings, seed: 2 },
  });
  const checksum = (name: string) => JSON.parse(readFileSync(at(`${name}/manifest.json`), 'utf8')).checksum;
  const [first, second] = ['run', 'second'].map(checksum);
  mkdirSync(at('turn'));
  cpSync(at('run'), at('turn/first'), { recursive: true });
  const { url, child } = await start('--watch', 'turn', '--items', 'changed');
  await ask(`${url}/v1/items/new`, 'PUT', { title: 'New' });
  const versions = async (): Promise<Set<string>> => {
    const answers = await times(16, () => ask(`${url}/v1/recommend`, 'POST', question));
    return new Set(answers.map(({ body }) => JSON.parse(body).version));
  };
  const change = (name: string) => ask(`${url}/v1/versions/${name}`, 'POST', {});
  expect(await versions()).toEqual(new Set([first]));
  const bits = async (): Promise<Set<string>> => {
    const answers = await times(16, () => ask(`${url}/v1/recommend`, 'POST', { user: 'u2', k: 100 }));
    return new Set(answers.map(({ body }) => body.replace(/"request":"[^"]*"/, '')));
  };
  const before = await bits();
  cpSync(at('second'), at('turn/.second'), { recursive: true });
  renameSync(at('turn/.second'), at('turn/second'));
  await vi.waitFor(async () => expect(await versions()).toEqual(new Set([second])), { timeout: 30_000 });
  // A process that is started now begins with the version of the others.
  if (process.platform === 'linux') {
    process.kill(processesOf(child)[1]!, 'SIGKILL');
    await vi.waitFor(() => expect(started!.said()).toMatch(/^process \d+ answers$/m), { timeout: 30_000 });
    expect(await versions()).toEqual(new Set([second]));
  }
  // The version is opened as it was: it is not loaded again.
  rmSync(at('turn/first/weights.safetensors'));
  all200([await change('rollback')]);
  expect(await versions()).toEqual(new Set([first]));
  expect(await bits()).toEqual(before);
  all200(await times(8, () => ask(`${url}/v1/similar`, 'POST', { item: 'new' })));
  const nothing = await change('rollback');
  expect({ status: nothing.status, code: JSON.parse(nothing.body).errors[0].code }).toEqual({
    status: 409,
    code: 'version-change',
  });
}, 180_000);

it('takes a port in use, and a run that is none, as an error of the start', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as { port: number };
  const inUse = await tower(['serve', 'run', '--port', String(port), '--processes', '2'], { cwd: root });
  other.close();
  expect({ code: inUse.code, said: inUse.stderr }).toMatchObject({
    code: 1,
    said: expect.stringContaining('[cannot-listen]'),
  });
  const none = await tower(['serve', 'nowhere', '--port', '0', '--processes', '2'], { cwd: root });
  expect({ code: none.code, said: none.stderr }).toMatchObject({
    code: 1,
    said: expect.stringContaining('[not-a-run]'),
  });
}, 60_000);
