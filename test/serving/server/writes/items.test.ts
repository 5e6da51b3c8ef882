/** Law: a write is computed, on the disk, visible and answered, in this order; and after any end the log has every write that was answered. */
import { describe, expect, it } from 'vitest';
import { failure } from '../../../../src/base/diagnostics/diagnostic.ts';
import type { LogFiles } from '../../../../src/base/storage/record_log/lines.ts';
import { openWriteLog } from '../../../../src/base/storage/record_log/write_log.ts';
import { makeSnapshot } from '../../../../src/retrieval/snapshot.ts';
import type { ItemWrite, ItemWrites } from '../../../../src/serving/live/item_writes.ts';
import { makeLiveItems } from '../../../../src/serving/live/live_items.ts';
import { RequestError } from '../../../../src/serving/server/refused.ts';
import { itemLog, makeLatestWrites } from '../../../../src/serving/server/writes/item_log.ts';
import { type ItemIntake, makeItemIntake } from '../../../../src/serving/server/writes/items.ts';
import { Crash, Disk, faultyFiles } from '../../../base/storage/record_log/faulty_files.ts';

const keys = ['a', 'b', 'c'];
const base = () =>
  makeSnapshot({ version: 'v', items: { vectors: { data: new Float32Array(6).fill(1), rows: 3, width: 2 }, keys } });

/** A version whose item tower gives the number of an item; it takes numbers up to 9. */
function makeVersion(events: string[] = []) {
  const live = makeLiveItems(base());
  const version: ItemWrites = {
    get snapshot() {
      return live.snapshot;
    },
    async prepare(writes) {
      events.push(`prepare ${writes.length}`);
      await Promise.resolve();
      return writes.map((write) => {
        if ('deleted' in write) return { delete: write.key };
        const number = write.columns.number as number;
        if (number > 9) return failure('item-value', { column: 'number', reason: 'is large', advice: 'give less' });
        return { put: { key: write.key, vector: Float32Array.of(number, 0), values: new Map() } };
      });
    },
    show(changes) {
      events.push(`show ${changes.length}`);
      live.apply(changes);
    },
    tidy: live.tidy,
    close: () => {},
  };
  return version;
}

const put = (key: string, number: number): ItemWrite => ({ key, columns: { number } });
const gone = (key: string): ItemWrite => ({ key, deleted: true });
const itemsOf = ({ snapshot }: ItemWrites): Record<string, number> =>
  Object.fromEntries(
    snapshot
      .top([{ vectors: [[1, 0]], k: 100 }])[0]!
      .items.map(({ key, score }) => [key, score])
      .sort(),
  );

/** Whether the disk ended the work. */
const crashes = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => false,
    (error: unknown) => {
      if (error instanceof Crash) return true;
      throw error;
    },
  );

async function open(disk: Disk, end?: number, events: string[] = []) {
  const log = await openWriteLog(faultyFiles(disk, end, 0.5), itemLog, { compaction: makeLatestWrites });
  await log.follow(0, (entries) => void events.push(`on the disk ${entries.flat().length}`));
  const writes = makeItemIntake({ log, stored: () => ({ ...log.compaction!.stored, bytes: log.bytes }) });
  return {
    ...writes,
    stored: writes.stored!,
    async close() {
      await writes.close();
      await log.close();
    },
  };
}

const refusalOf = async (writes: ItemIntake, asked: readonly ItemWrite[], isArray: boolean) => {
  const refused = await writes.write(asked, isArray).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(refused instanceof RequestError)) throw new Error('expected a refusal');
  return [refused.status, ...refused.mistakes.map(({ code, at }) => `${code} ${at}`)];
};

describe('writes of items', () => {
  it('are on the disk before they are visible, and visible before they are answered', async () => {
    const events: string[] = [];
    const writes = await open(new Disk(), undefined, events);
    const version = makeVersion(events);
    await writes.attach(version);
    const one = writes.write([put('d', 5)], false).then((outcomes) => events.push(`answered ${outcomes}`));
    // They arrive while the first is computed, make up one batch, and are computed while the first is written.
    const two = writes.write([put('a', 2), gone('b')], true).then((outcomes) => events.push(`answered ${outcomes}`));
    const three = writes.write([gone('d')], false).then((outcomes) => events.push(`answered ${outcomes}`));
    await Promise.all([one, two, three]);
    expect(events).toEqual([
      ...['prepare 1', 'prepare 3', 'on the disk 1', 'show 1', 'answered added'],
      ...['on the disk 3', 'show 3', 'answered changed,deleted', 'answered deleted'],
    ]);
    expect(itemsOf(version)).toEqual({ a: 2, c: 1 });
    expect(writes.stored()).toMatchObject({ items: 1, deleted: 2 });
    await writes.close();
  });

  it('are taken whole or not at all, and refuse nobody else', async () => {
    const writes = await open(new Disk());
    const version = makeVersion();
    await writes.attach(version);
    const answers = await Promise.all([
      refusalOf(writes, [put('d', 5), put('e', 10), gone('nothing')], true),
      writes.write([put('f', 1)], false),
      refusalOf(writes, [put('g', 1), gone('nothing')], true),
      refusalOf(writes, [put('e', 11)], false),
      refusalOf(writes, [gone('g')], false),
      writes.write([put('h', 1), gone('h'), put('h', 3)], true),
    ]);
    expect(answers).toEqual([
      [400, 'item-value /1/columns/number'],
      ['added'],
      [404, 'unknown-name /1/key'],
      [400, 'item-value /number'],
      [404, 'unknown-name '],
      ['added', 'deleted', 'added'],
    ]);
    expect(itemsOf(version)).toEqual({ a: 1, b: 1, c: 1, f: 1, h: 3 });
  });

  it('are brought to a version that comes later, with those that arrive meanwhile', async () => {
    const writes = await open(new Disk());
    const first = makeVersion();
    await writes.attach(first);
    await writes.write([put('d', 5), gone('a')], true);
    const later = makeVersion();
    const attaching = writes.attach(later);
    const meanwhile = writes.write([put('e', 6)], false);
    await Promise.all([attaching, meanwhile]);
    await writes.write([put('d', 7)], false);
    expect(itemsOf(later)).toEqual(itemsOf(first));
    expect(itemsOf(later)).toEqual({ b: 1, c: 1, d: 7, e: 6 });
    await writes.detach(later);
    await writes.write([gone('d')], false);
    expect(itemsOf(later)).toMatchObject({ d: 7 });
    // One that computes what was written while more is written, changed and deleted.
    const slow = makeVersion();
    const whileComputing = [put('g', 2), put('e', 3), gone('b')];
    const attached = writes.attach({
      ...slow,
      get snapshot() {
        return slow.snapshot;
      },
      async prepare(asked) {
        const changes = await slow.prepare(asked);
        for (const one of whileComputing.splice(0)) await writes.write([one], false);
        return changes;
      },
    });
    await attached;
    expect(itemsOf(slow)).toEqual(itemsOf(first));
    expect(itemsOf(slow)).toEqual({ c: 1, e: 3, g: 2 });
    // A version that cannot compute one of the items is refused whole.
    const narrow = { ...makeVersion(), prepare: async () => [failure('vectors-not-finite', { tower: 'item' })] };
    await expect(writes.attach(narrow)).rejects.toThrow('this model cannot take the item "a", which was written');
  });

  it('shorten their log, and say the same afterwards', async () => {
    const disk = new Disk();
    const writes = await open(disk);
    await writes.attach(makeVersion());
    const many = Array.from({ length: 250 }, (_, at) => put(`k${at % 40}`, at % 9));
    for (let i = 0; i < 44; i++) await writes.write(many, true);
    await writes.write([gone('k1')], false);
    await writes.close();
    expect([...disk.names.keys()]).toEqual(['items-2.log']);
    expect(disk.names.get('items-2.log')!.bytes.length).toBeLessThan(60_000);
    const reopened = await open(disk);
    const version = makeVersion();
    await reopened.attach(version);
    expect(reopened.stored()).toMatchObject({ items: 39, deleted: 1 });
    expect(Object.keys(itemsOf(version))).toHaveLength(42);
  });

  it('of large items are lines that can be read again', async () => {
    const disk = new Disk();
    const writes = await open(disk);
    await writes.attach(makeVersion());
    const large = (key: string, length: number): ItemWrite => ({
      key,
      columns: { number: 1, text: 'x'.repeat(length) },
    });
    // The first is written alone; the others wait together.
    await Promise.all(Array.from({ length: 6 }, (_, at) => writes.write([large(`k${at}`, 2 ** 20)], false)));
    const lines = disk.names.get('items-1.log')!.bytes.toString('latin1').trim().split('\n');
    expect(lines.map(({ length }) => Math.round(length / 2 ** 20))).toEqual([0, 1, 3, 2]);
    expect(await refusalOf(writes, [large('no', 2 ** 24)], false)).toEqual([413, 'request-size ']);
    await writes.close();
    const reopened = await open(disk);
    expect(reopened.stored().items).toBe(6);
  });

  it('are taken after a log could not be shortened, which is not tried with each of them', async () => {
    const disk = new Disk();
    const said: string[] = [];
    const files = faultyFiles(disk);
    const full = Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'write' });
    let created = 0;
    const create: LogFiles['create'] = async (name) => {
      const file = await files.create(name);
      return created++ === 0 ? file : { ...file, write: () => Promise.reject(full) };
    };
    const log = await openWriteLog({ ...files, create }, itemLog, {
      compaction: makeLatestWrites,
      say: (line) => said.push(line),
    });
    const writes = makeItemIntake({ log });
    await writes.attach(makeVersion());
    const many = Array.from({ length: 500 }, (_, at) => put(`k${at % 40}`, at % 9));
    for (let i = 0; i < 35; i++) {
      expect(await writes.write(many, true)).toHaveLength(500);
      // It ends before the next write: a disk in memory has no other turns.
      await new Promise((later) => setTimeout(later, 1));
    }
    await log.close();
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^the log of written items was not shortened: cannot write items: /);
    expect(created).toBe(2);
    expect([...disk.names.keys()]).toEqual(['items-1.log']);
  });

  it('reopen to the last answered write, wherever a kill ends them', async () => {
    const asked = Array.from(
      { length: 24 },
      (_, at): ItemWrite => (at % 5 === 4 ? gone(`k${(at - 1) % 7}`) : put(`k${at % 7}`, at % 10)),
    );
    /** What is there after the first writes. */
    const after = async (count: number): Promise<string> => {
      const version = makeVersion();
      const writes = await open(new Disk());
      await writes.attach(version);
      for (const each of asked.slice(0, count)) await writes.write([each], false);
      return JSON.stringify(itemsOf(version));
    };
    const expected = await Promise.all(Array.from({ length: asked.length + 1 }, (_, count) => after(count)));
    let ended = true;
    for (let end = 0; ended; end++) {
      const disk = new Disk();
      let answered = 0;
      ended = await crashes(
        open(disk, end).then(async (writes) => {
          const version = makeVersion();
          await writes.attach(version);
          for (const each of asked) {
            await writes.write([each], false);
            answered++;
          }
        }),
      );
      for (const fate of ['all', 'nothing'] as const) {
        const writes = await open(disk.after(fate, 0));
        const version = makeVersion();
        await writes.attach(version);
        const found = JSON.stringify(itemsOf(version));
        expect(expected.slice(answered, answered + 2), `ended at ${end}, ${fate}`).toContain(found);
      }
    }
  });
});

describe('writes of several clients', () => {
  it('are all there that were answered, wherever a kill ends them', async () => {
    let ended = true;
    for (let end = 0; ended; end++) {
      const disk = new Disk();
      const answered: string[] = [];
      ended = await crashes(
        open(disk, end).then(async (writes) => {
          await writes.attach(makeVersion());
          const client = async (name: string): Promise<void> => {
            for (let at = 0; at < 5; at++) {
              await writes.write([put(`${name}${at}`, at)], false);
              answered.push(`${name}${at}`);
            }
          };
          const all = await Promise.allSettled(['x', 'y', 'z'].map(client));
          const failed = all.find((each) => each.status === 'rejected');
          if (failed) throw failed.reason;
        }),
      );
      for (const fate of ['all', 'nothing'] as const) {
        const writes = await open(disk.after(fate, 0));
        const version = makeVersion();
        await writes.attach(version);
        const found = itemsOf(version);
        for (const key of answered) expect(found[key], `ended at ${end}, ${fate}`).toBe(Number(key.slice(1)));
      }
    }
  });
});

describe('the log of items', () => {
  it.each([
    [7, 'it is no list of writes'],
    [{ key: 'a' }, 'it is no list of writes'],
    [[{ key: 'a' }], 'it has something else than writes of items'],
    [[{ key: 7, columns: {} }], 'it has something else than writes of items'],
    [[{ key: 'a', columns: [] }], 'it has something else than writes of items'],
    [[{ key: 'a', columns: {}, deleted: true }], 'it has something else than writes of items'],
    [[{ key: 'a', columns: {}, more: 1 }], 'it has something else than writes of items'],
    [[{ key: 'a', deleted: false }], 'it has something else than writes of items'],
    [[null], 'it has something else than writes of items'],
  ])('has no record %j', (value, reason) => {
    expect(itemLog.decode(value)).toEqual({ reason });
  });
});
