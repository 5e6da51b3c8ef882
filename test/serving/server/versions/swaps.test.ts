/** Swaps of a server that answers: no request fails, and each answer is the one that its version gives offline. */
import { Agent, request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { failure } from '../../../../src/base/diagnostics/diagnostic.ts';
import { openWriteLog } from '../../../../src/base/storage/record_log/write_log.ts';
import type { Answers } from '../../../../src/serving/server/answers.ts';
import { makeServer, type Server, type ServerOptions } from '../../../../src/serving/server/server.ts';
import {
  decisionLog,
  makeRehearsal,
  makeSwaps,
  type SwapOptions,
  type Swaps,
  type VersionDecision,
} from '../../../../src/serving/server/versions/swaps.ts';
import { makeVersions, type Version, type Versions } from '../../../../src/serving/server/versions/versions.ts';
import { Disk, faultyFiles } from '../../../base/storage/record_log/faulty_files.ts';
import { temporaryFolder } from '../../../training/temporary_folder.ts';
import { trainSmall } from '../../../training/trained.ts';
import { ask, users } from '../served.ts';
import { answersOf, type Counted, counted } from './two_versions.ts';

const root = temporaryFolder();
const offline = new Map<string, Answers>();

beforeAll(async () => {
  const trained = await trainSmall(root);
  for (const id of ['a', 'b', 'c']) offline.set(id, await answersOf(trained, id));
});

interface Place {
  readonly versions: Versions;
  readonly swaps: Swaps;
  readonly server: Server;
  readonly said: string[];
  readonly made: Counted[];
}

const servers: Server[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

/** Folders are called as the versions in them; `bad` has none. */
async function place(options: Partial<SwapOptions<Version> & ServerOptions> = {}): Promise<Place> {
  const made: Counted[] = [];
  const make = (id: string) => {
    made.push(counted(offline.get(id)!, id));
    return made.at(-1)!.version;
  };
  const versions = makeVersions(make('a'));
  const said: string[] = [];
  const load = async (folder: string) => {
    if (!offline.has(folder)) throw failure('not-a-run', { folder });
    return make(folder);
  };
  const swaps = makeSwaps({
    versions,
    rehearse: makeRehearsal(versions),
    load,
    say: (line) => void said.push(line),
    ...options,
  });
  const server = await makeServer(versions, { tower: '0.0.0', versionChanges: swaps, ...options });
  servers.push(server);
  return { versions, swaps, server, said, made };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const settled = () => pause(10);

describe('under 32 connections', () => {
  it('fails no request, and gives each the answer of one version', async () => {
    const { swaps, server, made } = await place();
    const url = new URL(await server.listen('127.0.0.1', 0));
    const agent = new Agent({ keepAlive: true, maxSockets: 32 });
    const post = (body: object): Promise<[status: number, text: string]> =>
      new Promise((resolve, reject) => {
        const text = JSON.stringify(body);
        const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
        const sent = httpRequest(new URL('/v1/recommend', url), { method: 'POST', agent, headers }, (answer) => {
          let got = '';
          answer.on('data', (chunk) => (got += chunk)).on('end', () => resolve([answer.statusCode!, got]));
        });
        sent.on('error', reject).end(text);
      });
    const expected = new Map<string, string>();
    for (const id of ['a', 'b']) {
      const answers = offline.get(id)!;
      for (const user of users.keys)
        expected.set(`${id} ${user}`, JSON.stringify(await answers.recommend({ user, k: 7 })));
    }
    let isOver = false;
    const given = new Map<string, number>();
    const client = async (at: number): Promise<void> => {
      for (let i = at; !isOver; i++) {
        const user = users.keys.at(i % users.keys.length)!;
        const [status, text] = await post({ user, k: 7 });
        expect(status).toBe(200);
        const { version } = JSON.parse(text);
        expect(text.replace(/"request":"[^"]*",/, '')).toBe(expected.get(`${version} ${user}`));
        given.set(version, (given.get(version) ?? 0) + 1);
      }
    };
    const clients = Array.from({ length: 32 }, (_, at) => client(at));
    for (let swap = 0; swap < 4; swap++) {
      await swaps.loadFolder(swap % 2 === 0 ? 'b' : 'a');
      await settled();
    }
    isOver = true;
    await Promise.all(clients);
    agent.destroy();
    expect([...given.keys()].sort()).toEqual(['a', 'b']);
    expect(expected.get(`a ${users.keys.at(0)}`)).not.toBe(
      expected.get(`b ${users.keys.at(0)}`)!.replace('"b"', '"a"'),
    );
    expect(made.map(({ closed }) => closed())).toEqual([...Array.from({ length: 4 }, () => 1), 0]);
  });
});

describe('a swap', () => {
  it('warms up with recent bodies, says how much the answers differ, and frees the old version', async () => {
    const { swaps, server, said, made } = await place();
    const bodies = [{ user: 'u1' }, { user: 'u2', k: 3 }, { values: { history: ['m1'] }, k: 5 }];
    for (const body of bodies) await ask(server, '/v1/recommend', body);
    await ask(server, '/v1/similar', { item: 'm3', k: 4 });
    await ask(server, '/v1/recommend', { user: 'u1', filter: 'nothing > 1' });
    const overlaps = await Promise.all(
      [...bodies.map((body) => ['recommend', body] as const), ['similar', { item: 'm3', k: 4 }] as const].map(
        async ([name, body]) => {
          const keys = async (id: string) => (await offline.get(id)![name](body as never)).items.map(({ key }) => key);
          const [a, b] = [await keys('a'), await keys('b')];
          return a.filter((key) => b.includes(key)).length / a.length;
        },
      ),
    );
    const mean = Math.round(25 * overlaps.reduce((sum, each) => sum + each));
    expect(mean).toBeLessThan(100);
    await swaps.loadFolder('b');
    await settled();
    expect(said).toEqual([
      expect.stringMatching(
        `^version b of b: loaded in [\\d.]+ s, asked 4 recent requests: ${mean} % of their items as before$`,
      ),
      'version b answers',
      'version a is freed',
    ]);
    expect(made.map(({ closed }) => closed())).toEqual([1, 0]);
    expect((await ask(server, '/v1/recommend', { user: 'u1' })).body).toMatchObject({ version: 'b' });
    const { text } = await ask(server, '/metrics');
    expect(text).toContain('tower_snapshot_info{version="b"} 1');
    expect(text).toContain('tower_questions_total{route="/v1/recommend",version="a"} 3');
    expect(text).toContain('tower_questions_total{route="/v1/recommend",version="b"} 1');
  });

  it('leaves the old version as it is where the new one does not load, or cannot answer', async () => {
    const { swaps, server, said, made } = await place();
    await expect(swaps.loadFolder('bad')).rejects.toThrow('bad');
    await ask(server, '/v1/recommend', { user: 'u1' });
    const broken = { ...offline.get('b')!, recommend: () => Promise.reject(new Error('no memory')) };
    offline.set('broken', broken);
    await expect(swaps.loadFolder('broken')).rejects.toThrow('no memory');
    offline.delete('broken');
    expect(said).toEqual([]);
    expect(made.map(({ closed }) => closed())).toEqual([0, 1]);
    expect((await ask(server, '/v1/recommend', { user: 'u1' })).body).toMatchObject({ version: 'a' });
  });
});

describe('the routes of versions', () => {
  const local = { host: 'localhost:8321' };
  const change = async (server: Server, name: string, body: unknown = {}, headers: Record<string, string> = local) =>
    ask(server, `/v1/versions/${name}`, body, headers);

  it('roll back to the version before, and not further', async () => {
    const { swaps, server, said } = await place();
    await swaps.loadFolder('b');
    expect((await ask(server, '/v1/versions')).body).toMatchObject({
      current: { version: 'b', folder: 'b', items: 24 },
      before: { version: 'a', folder: 'a' },
    });
    expect(await change(server, 'rollback')).toMatchObject({ status: 200, body: { current: { version: 'a' } } });
    expect(said).toContain('rolled back from b to a');
    expect(['a', 'b'].map(swaps.rejected.has)).toEqual([false, true]);
    const again = await change(server, 'rollback');
    expect([again.status, again.body.errors[0].code]).toEqual([409, 'version-change']);
  });

  it('take changes from this machine, or with the token', async () => {
    // Behind a proxy that passes on its own name.
    const { server } = await place({ hosts: ['tower.example'] });
    for (const headers of [
      { host: 'tower.example' },
      { ...local, origin: 'https://other.example' },
      { ...local, 'x-forwarded-for': '203.0.113.7' },
      { ...local, forwarded: 'for=203.0.113.7' },
    ]) {
      const { status, body } = await change(server, 'rollback', {}, headers);
      expect([status, body.errors[0].code]).toEqual([403, 'request-local']);
    }
    const unnamed = await change(server, 'rollback', { version: 'b8' }, { host: 'localhost' });
    expect([unnamed.status, unnamed.body.errors[0].at]).toEqual([400, '/version']);
    const form = await change(server, 'rollback', 'x', { ...local, 'content-type': 'text/plain' });
    expect(form.status).toBe(415);
    const token = 'a-secret-of-the-server';
    const closed = (await place({ token })).server;
    expect((await change(closed, 'rollback')).status).toBe(401);
    const authorization = `Bearer ${token}`;
    expect((await change(closed, 'rollback', {}, { host: 'tower.example', authorization })).status).toBe(409);
  });
});

describe('servers that share their decisions', () => {
  const format = { ...decisionLog, decode: (value: unknown) => ({ record: value as VersionDecision[] }) };
  /** Servers of one log, whose decisions arrive at each of them. */
  async function servers(count: number, options: Partial<SwapOptions<Version>> = {}) {
    const log = await openWriteLog(faultyFiles(new Disk()), format);
    const start = async (): Promise<Place> => {
      const latest = new Map<string, VersionDecision>();
      const reading = await log.follow(0, (entries) => {
        for (const decision of entries.flat()) latest.set(decision.version, decision);
      });
      await reading.stop();
      const started = await place({ ...options, decisions: { latest, log } });
      await log.follow(log.end, (entries) => entries.flat().forEach((each) => void started.swaps.follow(each)));
      return started;
    };
    const started: Place[] = [];
    for (let at = 0; at < count; at++) started.push(await start());
    return { started, start, log };
  }
  const idOf = ({ versions }: Place): string => versions.current.id;

  it('follow a rollback of any of them', async () => {
    const { started, start } = await servers(2);
    const [first] = started as [Place, Place];
    for (const { swaps } of started) await swaps.loadFolder('b');
    expect(started.map(idOf)).toEqual(['b', 'b']);
    await first.swaps.rollback();
    await vi.waitFor(() => expect(started.map(idOf)).toEqual(['a', 'a']), { timeout: 10_000 });
    // One that starts later does not take what was rolled back from.
    const later = await start();
    await later.swaps.loadFolder('b');
    expect(idOf(later)).toBe('a');
    for (const { said } of started) expect(said.filter((line) => line.startsWith('rolled back'))).toHaveLength(1);
  });

  it('agree when both roll back at once, however their requests fall', async () => {
    for (const delay of [0, 0, 1, 2, 5, 10]) {
      const { started } = await servers(2);
      for (const { swaps } of started) await swaps.loadFolder('b');
      const [first, second] = started as [Place, Place];
      const rollbacks = [
        first.swaps.rollback(),
        first.swaps.rollback(),
        new Promise((resolve) => setTimeout(resolve, delay)).then(() =>
          idOf(second) === 'b' ? second.swaps.rollback() : undefined,
        ),
      ];
      await Promise.all(rollbacks);
      await vi.waitFor(() => expect(started.map(idOf)).toEqual(['a', 'a']), { timeout: 1000 });
    }
  });

  it('agree when one goes back twice while another goes back once, and is slow', async () => {
    let isSlow = false;
    /** As a load in another process: it takes time, and ends with its signal. */
    const load = async (folder: string, signal: AbortSignal): Promise<Version> => {
      if (isSlow) await pause(50);
      signal.throwIfAborted();
      return counted(offline.get(folder)!, folder).version;
    };
    const { started } = await servers(2, { load });
    for (const { swaps } of started) for (const id of ['b', 'c']) await swaps.loadFolder(id);
    const [first, second] = started as [Place, Place];
    isSlow = true;
    const slow = second.swaps.rollback();
    await pause(5);
    isSlow = false;
    await first.swaps.rollback();
    await first.swaps.rollback();
    await slow;
    await vi.waitFor(() => expect(started.map(idOf)).toEqual(['a', 'a']), { timeout: 1000 });
    expect(second.said.filter((line) => line.includes('still answers'))).toEqual([]);
    expect(second.swaps.before).toBeUndefined();
  });

  it('leave the version that a rollback names, which may not answer here, and take a repeated one as one', async () => {
    const { started, log } = await servers(2);
    const [first, second] = started as [Place, Place];
    for (const { swaps } of started) await swaps.loadFolder('b');
    await first.swaps.loadFolder('c');
    // The second has not taken it yet.
    await second.swaps.rollback('c');
    await vi.waitFor(() => expect(started.map(idOf)).toEqual(['b', 'b']), { timeout: 1000 });
    for (const { swaps } of started) await swaps.rollback('c');
    await second.swaps.loadFolder('c');
    expect([started.map(idOf), log.end]).toEqual([['b', 'b'], 1]);
  });

  it('refuse a rollback while they stop, and end one that is under way', async () => {
    const load = async (folder: string, signal: AbortSignal): Promise<Version> => {
      await pause(20);
      signal.throwIfAborted();
      return counted(offline.get(folder)!, folder).version;
    };
    const { started, log } = await servers(1, { load });
    const [only] = started as [Place];
    await only.swaps.loadFolder('b');
    const change = () => ask(only.server, '/v1/versions/rollback', {}, { host: 'localhost:8321' });
    const underWay = change();
    await pause(5);
    only.swaps.close();
    for (const { status, body } of [await underWay, await change()])
      expect([status, body.errors[0].code]).toEqual([503, 'server-busy']);
    expect([idOf(only), log.end]).toEqual(['b', 0]);
  });

  it('read decisions of earlier versions of Tower: a rejection counts, and the others lift it', () => {
    const earlier = [
      { version: 'a', role: 'canary', share: 0.2 },
      { version: 'b', role: 'rejected' },
      { version: 'c', role: 'stable' },
    ];
    expect(decisionLog.decode(earlier)).toEqual({ record: earlier });
    expect(decisionLog.decode([{ version: 'a', role: 'other' }])).toHaveProperty('reason');
  });

  it('never let a rejected version answer, and let it answer again if the log says so later', async () => {
    const { started, start, log } = await servers(1);
    const [first] = started as [Place];
    await first.swaps.loadFolder('b');
    await first.swaps.rollback();
    const later = await start();
    await later.swaps.loadFolder('b');
    expect(idOf(later)).toBe('a');
    expect(later.made.map(({ closed }) => closed())).toEqual([0, 1]);
    await log.append([[{ version: 'b', role: 'stable' }]]);
    await vi.waitFor(() => expect(later.swaps.rejected.has('b')).toBe(false));
    await later.swaps.loadFolder('b');
    expect(idOf(later)).toBe('b');
  });

  it('keep a version that has none before it, and replace it by the next that comes', async () => {
    const { started, log } = await servers(1);
    const [only] = started as [Place];
    await log.append([[{ version: 'a', role: 'rejected' }]]);
    await vi.waitFor(() => expect(only.swaps.rejected.has('a')).toBe(true));
    expect(idOf(only)).toBe('a');
    expect(only.said.at(-1)).toContain('version a still answers: ');
    await only.swaps.loadFolder('b');
    expect(idOf(only)).toBe('b');
    expect(only.swaps.before).toBeUndefined();
  });

  it('change nothing while the log is down, and nothing elsewhere when a rollback fails', async () => {
    const down = async () => Promise.reject(failure('log-server', { log: 'of versions', reason: 'x', advice: 'y' }));
    const latest = new Map<string, VersionDecision>();
    const away = await place({ decisions: { latest, log: { append: down } } });
    await away.swaps.loadFolder('b');
    const refused = await ask(away.server, '/v1/versions/rollback', {}, { host: 'localhost:8321' });
    expect([refused.status, refused.body.errors[0].code]).toEqual([503, 'log-server']);
    expect([idOf(away), away.swaps.rejected.has('b')]).toEqual(['b', false]);
    const { started, log } = await servers(1);
    await expect(started[0]!.swaps.rollback()).rejects.toThrow('no version before');
    expect(log.end).toBe(0);
  });
});
