/** Servers that share one log in a real Redis: any of them answers any user, and all of them the same. */
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { load, type Run, type Serving, serve } from '../../../src/api.ts';
import { makeRandom } from '../../../src/base/random/random.ts';
import { filmKeys, personKeys, trainFilms } from '../../serving/server/films.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { type RedisServer, redisAbsent, redisProgram, startRedis } from './redis_server.ts';

const root = temporaryFolder();

describe.skipIf(redisProgram === undefined)(`servers of one log${redisAbsent}`, () => {
  let redis: RedisServer;
  let client: Redis;
  let run: Run;
  const servers: Serving[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    client = await redis.client();
    run = await load(await trainFilms(root), { engine: 'onnx' });
  }, 120_000);
  afterAll(async () => {
    for (const server of servers) await server.close();
    client?.disconnect();
    await run?.close();
    await redis?.remove();
  });

  async function open(name: string, said: string[] = []): Promise<Serving> {
    const address = redis.url(name);
    const server = await serve(run, { port: 0, items: address, events: address, say: (line) => said.push(line) });
    servers.push(server);
    return server;
  }
  async function ask(to: Serving, method: string, path: string, body?: unknown) {
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await fetch(`${to.url}${path}`, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: answer.status, body: await answer.json() };
  }
  const send = (to: Serving, body: unknown) => ask(to, 'POST', '/v1/events', body);
  const recommend = async (to: Serving, user: string) => {
    const { body } = await ask(to, 'POST', '/v1/recommend', { user, k: 60, history: 50, columns: ['title', 'year'] });
    const { version: _, model: __, request: ___, ...answer } = body;
    return answer;
  };
  const historyOf = async (to: Serving, user: string): Promise<string[]> =>
    (await recommend(to, user)).history.map(({ key }: { readonly key: string }) => key);
  const until = async (isTrue: () => Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + 10_000; !(await isTrue()); )
      if (Date.now() > end) throw new Error('it did not become true');
  };

  it('an event that one server takes is in the answers of the other', async () => {
    const [a, b] = [await open('one'), await open('one')];
    expect((await send(a, { user: 'new', item: 'f3', time: 400 })).body.outcome).toBe('added');
    expect(await historyOf(a, 'new')).toEqual(['f3']);
    await until(async () => (await historyOf(b, 'new')).includes('f3'));
    expect(await recommend(b, 'new')).toEqual(await recommend(a, 'new'));
  });

  it('an event that two servers take at the same time counts once', async () => {
    const [a, b] = [await open('twice'), await open('twice')];
    const events = Array.from({ length: 20 }, (_, i) => ({
      user: 'x',
      item: `f${i}`,
      time: 400 + i,
      id: `click ${i}`,
    }));
    const outcomes = await Promise.all(
      events.flatMap((event) => [a, b].map(async (server) => (await send(server, event)).body.outcome)),
    );
    expect(outcomes.filter((outcome) => outcome === 'added').length).toBe(20);
    expect(outcomes.filter((outcome) => outcome === 'known').length).toBe(20);
    await until(async () => (await historyOf(b, 'x')).length === 20);
    expect(await historyOf(a, 'x')).toEqual(await historyOf(b, 'x'));
    expect((await historyOf(await open('twice'), 'x')).length).toBe(20);
  });

  it('1,000 writes to two replicas in random order: none is lost, none differs, also not in a later server', async () => {
    const replicas = [await open('many'), await open('many')];
    const random = makeRandom(11);
    const users = [...personKeys, 'new 1', 'new 2', 'new 3'];
    const anyOf = <T>(values: readonly T[]): T => values[random.integer(values.length)]!;
    const writes = Array.from({ length: 1000 }, (_, at) => {
      const key = `w${random.integer(40)}`;
      if (random.integer(2) === 0)
        return ['POST', '/v1/events', { user: anyOf(users), item: anyOf(filmKeys), time: 300 + at }] as const;
      return ['PUT', `/v1/items/${key}`, { title: `Title ${at}`, genre: 'War', year: 1990 + (at % 30) }] as const;
    });
    const waiting = [...writes];
    const worker = async (): Promise<number[]> => {
      const statuses: number[] = [];
      for (let write = waiting.pop(); write; write = waiting.pop())
        statuses.push((await ask(anyOf(replicas), write[0], write[1], write[2])).status);
      return statuses;
    };
    const statuses = (await Promise.all(Array.from({ length: 16 }, worker))).flat();
    expect(statuses.filter((status) => status !== 200 && status !== 201)).toEqual([]);
    expect(statuses.length).toBe(1000);
    const eventCount = writes.filter(([method]) => method === 'POST').length;
    expect(await client.xlen('{many}:events')).toBe(eventCount);
    // Each replica has acknowledged its own, and the others arrive.
    const everything = (to: Serving) => Promise.all(users.map((user) => recommend(to, user)));
    const [a, b] = replicas as [Serving, Serving];
    await until(async () => JSON.stringify(await everything(a)) === JSON.stringify(await everything(b)));
    expect(await everything(await open('many'))).toEqual(await everything(a));
  }, 60_000);

  it('a server knows what another one has just acknowledged, before it refuses a write as unknown', async () => {
    const [a, b] = [await open('at-once'), await open('at-once')];
    const columns = { title: 'New', genre: 'War', year: 2000 };
    for (let at = 0; at < 10; at++) {
      // So many that the other server is still applying them when the first one has.
      const items = Array.from({ length: 40 }, (_, i) => ({ key: `i${at}-${i}`, columns }));
      expect((await ask(a, 'POST', '/v1/items', items)).status).toBe(200);
      const event = { user: `n${at}`, item: `i${at}-39`, time: 400 };
      expect(await send(b, event)).toMatchObject({ status: 200, body: { outcome: 'added' } });
      expect((await ask(a, 'DELETE', `/v1/users/n${at}`)).status).toBe(200);
      expect((await ask(b, 'DELETE', `/v1/items/i${at}-38`)).status).toBe(200);
    }
    expect((await send(b, { user: 'n', item: 'no item', time: 400 })).status).toBe(400);
  });

  it('the events of a deleted user are in no answer, and not in Redis', async () => {
    const [a, b] = [await open('deleted'), await open('deleted')];
    await send(a, [
      { user: 'ann', item: 'f1', time: 400 },
      { user: 'bob', item: 'f2', time: 401 },
      { user: 'ann', item: 'f3', time: 402 },
    ]);
    await until(async () => (await historyOf(b, 'ann')).length === 2);
    expect((await ask(b, 'DELETE', '/v1/users/ann')).status).toBeLessThan(300);
    expect(await historyOf(b, 'ann')).toEqual([]);
    await until(async () => (await historyOf(a, 'ann')).length === 0);
    await until(async () => (await client.xlen('{deleted}:events')) === 2);
    const fields = (await client.xrange('{deleted}:events', '-', '+')).flatMap(([, each]) => each);
    expect(fields.join('\n')).not.toMatch(/"f[13]"/);
    expect(await historyOf(await open('deleted'), 'bob')).toEqual(['f2']);
  });

  it('entries of strangers never end a server: what the model cannot take is said', async () => {
    const said: string[] = [];
    const a = await open('odd', said);
    const odd = [
      '{"user":"ann","item":"f1","time":"not a time","columns":{}}',
      '{"user":"ann","item":"f1","time":1e308,"columns":{"a":{"b":[1,2,{"c":null}]}}}',
      '{"user":"ann","item":"","columns":{"film":7}}',
      '{"user":"","item":"f1","columns":{"__proto__":{"x":1}}}',
      '{"user":"ann","item":"f1","time":-5,"columns":{"person":[[]],"moment":false}}',
      '{"user":"ann","deleted":true,"until":-1}',
    ];
    for (const text of odd) await client.xadd('{odd}:events', '0-*', 'write', text);
    for (const columns of ['{"year":{"a":1}}', '{"title":[1]}', '{"nothing":1,"year":"x"}', '{}'])
      await client.xadd('{odd}:items', '0-*', 'write', `{"key":"odd","columns":${columns}}`);
    expect((await send(a, { user: 'ann', item: 'f2', time: 500 })).body.outcome).toBe('added');
    expect((await ask(a, 'PUT', '/v1/items/fine', { title: 'Fine', genre: 'War', year: 2000 })).status).toBeLessThan(
      300,
    );
    expect(await historyOf(a, 'ann')).toContain('f2');
    expect(said.join('\n')).toMatch(/left out/);
  });

  it('while Redis is away answers go on and writes get 503; what was acknowledged is there afterwards', async () => {
    const said: string[] = [];
    const [a, b] = [await open('away', said), await open('away')];
    await send(a, { user: 'u1', item: 'f1', time: 400, id: 'first' });
    await until(async () => (await historyOf(b, 'u1'))[0] === 'f1');
    const before = await recommend(b, 'u1');
    await redis.kill();
    const refused = await send(a, { user: 'u1', item: 'f2', time: 401, id: 'second' });
    expect(refused).toMatchObject({ status: 503, body: { errors: [{ code: 'log-server' }] } });
    expect(JSON.stringify(refused)).not.toMatch(/127\.0\.0\.1|secret/);
    expect(await recommend(b, 'u1')).toEqual(before);
    await redis.start();
    await until(async () => (await send(a, { user: 'u1', item: 'f2', time: 401, id: 'second' })).status === 200);
    await until(async () => (await historyOf(b, 'u1'))[0] === 'f2');
    expect((await historyOf(b, 'u1')).slice(0, 2)).toEqual(['f2', 'f1']);
    expect(said.join()).not.toMatch(/secret/);
  }, 60_000);
});
