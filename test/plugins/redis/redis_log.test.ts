/** A log in a stream of a real Redis: order, positions, entries of strangers, and a Redis that is killed. */

import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogFormat } from '../../../src/base/storage/record_log/record_log.ts';
import { openSharedLog, readSharedLog } from '../../../src/plugins/redis/redis_log.ts';
import { redisAddress } from '../../../src/plugins/redis/redis_stream.ts';
import fc from '../../fast_check.ts';
import { type RedisServer, redisAbsent, redisPassword, redisProgram, startRedis } from './redis_server.ts';

interface Note {
  readonly about: string;
  readonly replaces?: boolean;
}
const format: LogFormat<readonly Note[]> = {
  name: 'notes',
  version: 1,
  decode(value) {
    const isNote = (each: unknown): boolean =>
      typeof each === 'object' && each !== null && typeof (each as { about?: unknown }).about === 'string';
    return Array.isArray(value) && value.every(isNote) ? { record: value } : { reason: 'it is no note' };
  },
};
const replacement = {
  subjectOf: ({ about }: Note) => about,
  replaces: ({ replaces = false }: Note) => replaces,
  removedAfter: 1,
};

describe('addresses', () => {
  it.each([
    ['redis://h/shop', 'redis://h:6379/shop', '{shop}:events'],
    ['rediss://name:secret@h:7000/3/a.b-c', 'rediss://h:7000/3/a.b-c', '{a.b-c}:events'],
    ['redis://:secret@[::1]:80/shop?trim=yes', 'redis://[::1]:80/shop', '{shop}:events'],
  ])('%s', (text, shown, stream) => {
    expect(redisAddress(text, 'events')).toMatchObject({ shown, stream });
  });
  it.each([
    'redis://:secret@h',
    'redis://:secret@h/0',
    'redis://:secret@h/a b',
    'redis://:secret@h:99999/shop',
    'kafka://:secret@h/shop',
    'redis://:secret@h/shop?x=secret',
    'redis://:%zzsecret@h/shop',
  ])('%s is refused without its password', (text) => {
    expect(() => redisAddress(text, 'events')).toThrow(/^(?!.*secret).*the address of the log/s);
  });
});

describe.skipIf(redisProgram === undefined)(`a stream${redisAbsent}`, () => {
  let server: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    server = await startRedis();
    client = await server.client();
  });
  afterAll(async () => {
    client?.disconnect();
    await server?.remove();
  });

  /** Opens a log, and remembers what is applied. */
  async function open(name: string, query = '') {
    const said: string[] = [];
    const log = await openSharedLog(server.url(name) + query, format, replacement, { say: (line) => said.push(line) });
    const applied: { position: number; about: string }[] = [];
    const apply = (entries: readonly (readonly Note[])[], end: number) => {
      const first = end - entries.length + 1;
      for (const [at, [note]] of entries.entries()) applied.push({ position: first + at, about: note!.about });
    };
    const follower = await log.follow(0, apply);
    return { log, applied, said, follower };
  }
  const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + 10_000; !(await isTrue()); ) {
      if (Date.now() > end) throw new Error('it did not become true');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  it('servers that write at the same time apply the same in the same order, and a later one too', async () => {
    const [a, b] = [await open('both'), await open('both')];
    const writes = Array.from({ length: 500 }, (_, i) =>
      (i % 2 ? a : b).log.append([[{ about: `n${i}` }, { about: `m${i}` }]]),
    );
    const positions = await Promise.all(writes);
    expect(new Set(positions).size).toBe(500);
    await until(() => a.applied.length === 1000 && b.applied.length === 1000);
    expect(a.applied.map(({ position }) => position)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(b.applied).toEqual(a.applied);
    expect(b.log.id).toBe(a.log.id);
    const later = await open('both');
    expect(later.applied).toEqual(a.applied);
    for (const [i, position] of positions.entries()) expect(a.applied[position - 1]!.about).toBe(`m${i}`);
    for (const { log } of [a, b, later]) await log.close();
  });

  it('a write is applied as the object that was appended', async () => {
    const { log } = await open('own');
    const seen: Note[] = [];
    await log.follow(0, (entries) => void seen.push(...entries.flat()));
    const note = { about: 'x' };
    await log.append([[note]]);
    expect(seen[0]).toBe(note);
    await log.close();
  });

  it('a write that replaces earlier ones removes them, and the others keep their positions', async () => {
    const { log } = await open('gone');
    await log.append([[{ about: 'ann' }, { about: 'bob' }, { about: 'ann' }]]);
    expect(await log.append([[{ about: 'ann', replaces: true }]])).toBe(4);
    await until(async () => (await client.xlen('{gone}:notes')) === 2);
    expect(await log.append([[{ about: 'ann' }]])).toBe(5);
    const { writes, end, id } = await readSharedLog(server.url('gone'), format);
    expect(writes.map(({ position, write }) => `${position} ${write.about}`)).toEqual(['2 bob', '4 ann', '5 ann']);
    expect([end, id]).toEqual([5, log.id]);
    expect((await open('gone')).applied.map(({ position }) => position)).toEqual([2, 4, 5]);
    await log.close();
  });

  it('entries that files have are removed only if the address says so', async () => {
    for (const [query, rest] of [
      ['', 3],
      ['?trim=yes', 1],
    ] as const) {
      const { log } = await open(`trim${rest}`, query);
      await log.append([[{ about: 'a' }, { about: 'b' }, { about: 'c' }]]);
      log.forget(2);
      expect(await log.append([[{ about: 'd' }]])).toBe(4);
      expect(await client.xlen(`{trim${rest}}:notes`)).toBe(rest + 1);
      await log.close();
    }
  });

  it('entries of strangers are said and left out', async () => {
    const { log, applied, said } = await open('strangers');
    const name = '{strangers}:notes';
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constant('{"about":"valid"}'),
      fc.constant('{"__proto__":1,"about":2}'),
    );
    const fields = fc.array(fc.tuple(fc.oneof(fc.constant('write'), fc.constant('by'), fc.string()), texts), {
      minLength: 1,
      maxLength: 3,
    });
    const samples = fc.sample(fields, { numRuns: 300, seed: 7 });
    let valid = 0;
    for (const pairs of samples) {
      const text = pairs.find(([field]) => field === 'write')?.[1];
      const isValid = (() => {
        try {
          return 'record' in format.decode([JSON.parse(text!)]);
        } catch {
          return false;
        }
      })();
      valid += Number(isValid);
      await client.xadd(name, '0-*', ...pairs.flat());
    }
    expect(await log.append([[{ about: 'end' }]])).toBe(301);
    expect(applied.length).toBe(valid + 1);
    expect(valid).toBeGreaterThan(10);
    expect(said.length).toBe(300 - valid);
    // A page of time of another program: nothing can follow it until it is removed.
    await client.xadd(name, '*', 'write', '{"about":"x"}');
    await expect(log.append([[{ about: 'refused' }]])).rejects.toThrow(/the log of notes cannot be used/);
    expect((await open('strangers')).applied).toEqual(applied);
    const [[last]] = (await client.xrevrange(name, '+', '-', 'COUNT', 1)) as unknown as [[string]];
    await client.xdel(name, last);
    await client.call('XSETID', name, '0-301');
    expect(await log.append([[{ about: 'again' }]])).toBe(302);
    await log.close();
  });

  it('an error of a follower leaves out one entry, and no other', async () => {
    const { log, said } = await open('errors');
    const seen: string[] = [];
    await log.follow(0, (entries) => {
      if (entries.flat().some(({ about }) => about === 'bad')) throw new Error('no');
      seen.push(...entries.flat().map(({ about }) => about));
    });
    await log.append([[{ about: 'a' }, { about: 'bad' }, { about: 'b' }]]);
    expect(seen).toEqual(['a', 'b']);
    expect(said.join()).toMatch(/the entry 0-2 is left out: no/);
    await log.close();
  });

  it('a Redis that is killed loses nothing that was acknowledged', async () => {
    const [a, b] = [await open('killed'), await open('killed')];
    const acknowledged: string[] = [];
    let isWriting = true;
    const write = async (to: typeof a, who: string): Promise<void> => {
      for (let i = 0; isWriting; i++) {
        const about = `${who}${i}`;
        await to.log.append([[{ about }]]).then(
          () => acknowledged.push(about),
          () => {},
        );
      }
    };
    const writers = [write(a, 'a'), write(b, 'b')];
    for (let round = 0; round < 5; round++) {
      const before = acknowledged.length;
      await until(() => acknowledged.length > before + 20);
      await server.kill();
      await server.start();
    }
    const before = acknowledged.length;
    await until(() => acknowledged.length > before + 20);
    isWriting = false;
    await Promise.all(writers);
    await until(() => a.log.end === b.log.end);
    const { applied } = await open('killed');
    expect(a.applied).toEqual(applied);
    expect(b.applied).toEqual(applied);
    const counts = new Map<string, number>();
    for (const { about } of applied) counts.set(about, (counts.get(about) ?? 0) + 1);
    expect(acknowledged.filter((about) => counts.get(about) !== 1)).toEqual([]);
    expect(a.said.filter((line) => line.includes('lost'))).toEqual([]);
    for (const { log } of [a, b]) await log.close();
  }, 60_000);

  it('a Redis that has lost entries gives no position twice', async () => {
    client = await server.client();
    const { log, said, applied } = await open('lossy');
    const { id } = log;
    await log.append([[{ about: 'a' }, { about: 'b' }, { about: 'c' }]]);
    await client.del('{lossy}:notes', '{lossy}:notes:id');
    await server.kill();
    await server.start();
    expect(await log.append([[{ about: 'd' }]])).toBe(4);
    expect(said.join('\n')).toMatch(/has lost 3 entries/);
    expect(applied.map(({ about }) => about)).toEqual(['a', 'b', 'c', 'd']);
    expect((await readSharedLog(server.url('lossy'), format)).id).toBe(id);
    await log.close();
  });

  it('writes are refused while it is away, and no message has the password', async () => {
    const { log, said } = await open('away');
    await server.kill();
    await expect(log.append([[{ about: 'x' }]])).rejects.toMatchObject({
      diagnostics: [{ code: 'log-server', message: 'the log of notes cannot be used: Redis does not answer' }],
    });
    const failed = await open('away').catch((error: Error) => error.message);
    expect(failed).toMatch(/the log redis:\/\/127.0.0.1:\d+\/away cannot be used: nothing listens there/);
    await server.start();
    // It takes up to a second until the log is connected again.
    const isTaken = (): Promise<boolean> => log.append([[{ about: 'y' }]]).then(Boolean, () => false);
    await until(isTaken);
    expect(said).toEqual([expect.stringMatching(/does not answer/), expect.stringMatching(/is back after/)]);
    expect(said.join() + failed).not.toContain(redisPassword);
    await log.close();
    const wrong = server.url('away').replace('a%20secret', 'another');
    await expect(openSharedLog(wrong, format, replacement)).rejects.toThrow(
      /the password is missing or is another one/,
    );
  }, 30_000);
});
