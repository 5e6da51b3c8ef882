import { spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Failure } from '../../../../src/base/diagnostics/diagnostic.ts';
import { encodeLine, type LogFiles, makeLogFiles } from '../../../../src/base/storage/record_log/lines.ts';
import { type LogFormat, openRecordLog as openWith } from '../../../../src/base/storage/record_log/record_log.ts';
import { Crash, Disk, type Fate, faultyFiles } from './faulty_files.ts';

interface Write {
  readonly key: string;
  readonly value: number;
}

const format: LogFormat<Write> = {
  name: 'items',
  version: 1,
  decode: (value) =>
    typeof (value as Write | null)?.key === 'string' ? { record: value as Write } : { reason: 'it has no key' },
};

async function openRecordLog(files: LogFiles, of: LogFormat<Write>) {
  const records: Write[] = [];
  const opened = await openWith(files, of, (record) => void records.push(record));
  return { ...opened, records };
}

/** The latest value of each key, in the order of the writes. */
function stateOf(records: readonly Write[]): Write[] {
  const state = new Map<string, Write>();
  for (const record of records) {
    state.delete(record.key);
    state.set(record.key, record);
  }
  return [...state.values()];
}

const writes = Array.from({ length: 60 }, (_, at): Write => ({ key: `k${(at * 7) % 11}`, value: at }));

/** Writes one after the other, and shortens the log meanwhile. Calls `answered` after each that is on the disk. */
async function work(files: LogFiles, answered: (count: number) => void): Promise<void> {
  const { log, records } = await openRecordLog(files, format);
  const all = [...records];
  let tail: Promise<unknown> = Promise.resolve();
  const exclusive = <T>(each: () => Promise<T>): Promise<T> => {
    const next = tail.then(each);
    tail = next.catch(() => {});
    return next;
  };
  const shortening: Promise<void>[] = [];
  let isShortening = false;
  for (const [at, record] of writes.entries()) {
    await exclusive(() => log.append([record]));
    all.push(record);
    answered(at + 1);
    if (at % 12 !== 11 || isShortening) continue;
    isShortening = true;
    const done = log.replace(stateOf(all), { exclusive }).finally(() => (isShortening = false));
    done.catch(() => {});
    shortening.push(done);
  }
  await Promise.all(shortening);
  await log.close();
}

describe('a log of records', () => {
  it('reopens to the last answered write, wherever a kill or a loss of power ends it', async () => {
    const counter = faultyFiles(new Disk());
    await work(counter, () => {});
    expect(counter.operations).toBeGreaterThan(170);
    const fates: readonly (readonly [Fate, number])[] = [
      ['all', 0],
      ['all', 0.6],
      ['nothing', 0],
      ['part', 0.4],
      ['part', 0.9],
      ['zeros', 0.8],
    ];
    for (let end = 0; end < counter.operations; end++) {
      for (const [fate, share] of fates) {
        const disk = new Disk();
        let answered = 0;
        await expect(work(faultyFiles(disk, end, share), (count) => (answered = count))).rejects.toThrow(Crash);
        const left = disk.after(fate, share);
        const { records, log } = await openRecordLog(faultyFiles(left), format);
        const place = `ended at ${end}, ${fate} ${share}`;
        // The write that was not answered is there or is not.
        const state = stateOf(records);
        const fits = [answered, answered + 1].some(
          (count) => JSON.stringify(stateOf(writes.slice(0, count))) === JSON.stringify(state),
        );
        expect(fits, `${place}: ${JSON.stringify(state)} after ${answered}`).toBe(true);
        // It goes on from there, and no file of before is left.
        await log.append([{ key: 'more', value: 1 }]);
        await log.close();
        const again = await openRecordLog(faultyFiles(left.after('all', 1)), format);
        expect(stateOf(again.records).at(-1), place).toEqual({ key: 'more', value: 1 });
        expect(again.torn).toBe(false);
        expect([...left.names.keys()]).toHaveLength(1);
      }
    }
  });

  it('survives SIGKILL', async () => {
    const folder = temporary();
    const script = join(temporary(), 'child.mjs');
    const contents = `
      import { makeLogFiles } from './src/base/storage/record_log/lines.ts';
      import { openRecordLog } from './src/base/storage/record_log/record_log.ts';
      const format = { name: 'items', version: 1, decode: (record) => ({ record }) };
      const records = [];
      const { log } = await openRecordLog(makeLogFiles(process.argv[2]), format, (record) => records.push(record));
      for (let value = (records.at(-1)?.value ?? -1) + 1; ; value++) {
        await log.append([{ key: 'k' + (value % 5), value }]);
        process.stdout.write(value + "\\n");
        if (value % 20 === 0) await log.replace([{ key: 'k', value }], { exclusive: (work) => work() });
      }`;
    const stdin = { contents, resolveDir: process.cwd() };
    await build({ stdin, outfile: script, bundle: true, format: 'esm', platform: 'node' });
    let last = -1;
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      await new Promise<void>((resolve) => {
        child.stdout.on('data', (piece) => {
          text += piece;
          if (text.split('\n').length > 13 + 11 * round) child.kill('SIGKILL');
        });
        child.on('close', () => resolve());
      });
      const answered = Number(text.trim().split('\n').at(-1));
      expect(answered).toBeGreaterThan(last);
      const { records, log } = await openRecordLog(makeLogFiles(folder), format);
      await log.close();
      expect([answered, answered + 1]).toContain(records.at(-1)!.value);
      last = records.at(-1)!.value;
    }
  });

  const temporary = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'tower-log-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  };
  const header = encodeLine(1, { tower: 'items', version: 1 });
  const refusal = (files: LogFiles): Promise<string> =>
    openRecordLog(files, format).then(
      ({ records, torn }) => `${records.length} records${torn ? ', torn' : ''}`,
      (error: Failure) => error.diagnostics[0]!.message,
    );
  const record = (number: number): Uint8Array => encodeLine(number, { key: 'a', value: number });

  it.each<readonly [name: string, content: readonly (Uint8Array | string)[], answer: string]>([
    ['an empty file', [], 'items/items-1.log, line 1: it should say what the file is, and the file is empty'],
    [
      'another log',
      [encodeLine(1, { tower: 'users', version: 1 })],
      'items/items-1.log, line 1: it does not say that the file is a log of items',
    ],
    ['no header', [encodeLine(1, null)], 'items/items-1.log, line 1: it does not say that the file is a log of items'],
    [
      'a later version',
      [encodeLine(1, { tower: 'items', version: 2 })],
      'items/items-1.log, line 1: the log has version 2, and this Tower reads version 1',
    ],
    [
      'a changed byte',
      [header, record(2).toString().replace('"a"', '"b"')],
      'items/items-1.log, line 2: its checksum is not that of its text',
    ],
    ['a line that is missing', [header, record(3)], 'items/items-1.log, line 2: its number is not that of the line'],
    [
      'a line that comes twice',
      [header, record(2), record(2)],
      'items/items-1.log, line 3: its number is not that of the line',
    ],
    ['no checksum', [header, '{"key":"a"}\n'], 'items/items-1.log, line 2: its checksum is not that of its text'],
    ['an empty line', [header, '\n'], 'items/items-1.log, line 2: its checksum is not that of its text'],
    ['something else than a record', [header, encodeLine(2, 7)], 'items/items-1.log, line 2: it has no key'],
    [
      'a cut line before others',
      [header, Buffer.from('0\0\0\n'), record(3)],
      'items/items-1.log, line 2: it is incomplete, and other lines follow',
    ],
    ['a cut line at the end', [header, record(2), record(3).subarray(0, 20)], '1 records, torn'],
    ['zeros at the end', [header, record(2), Buffer.alloc(30)], '1 records, torn'],
    ['whole lines', [header, record(2), record(3)], '2 records'],
  ])('reads or refuses %s', async (_, content, answer) => {
    const disk = new Disk();
    const bytes = Buffer.concat(content.map((each) => Buffer.from(each)));
    disk.names.set('items-1.log', { bytes, synced: bytes });
    expect(await refusal(faultyFiles(disk))).toBe(answer);
  });

  it('reads and writes a folder, and follows no link', async () => {
    const folder = temporary();
    const files = makeLogFiles(folder);
    const { log } = await openRecordLog(files, format);
    await log.append([{ key: 'ü', value: 1 }]);
    expect(log.bytes).toBe(readFileSync(join(folder, 'items-1.log')).length);
    await log.replace([{ key: 'ü', value: 1 }], { exclusive: (work) => work() });
    await log.append([{ key: 'b', value: 2 }]);
    await log.close();
    expect(readdirSync(folder)).toEqual(['items-2.log']);
    expect(await refusal(files)).toBe('2 records');
    writeFileSync(join(folder, 'secret'), 'x');
    symlinkSync(join(folder, 'secret'), join(folder, 'items-3.log'));
    expect(await refusal(files)).toContain('cannot read');
  });

  type Change = (path: string, folder: string) => void;
  it.each<[name: string, change: Change, back?: Change]>([
    ['removed', (path) => rmSync(path)],
    ['moved', (path) => renameSync(path, `${path}.old`), (path) => renameSync(`${path}.old`, path)],
    [
      'replaced by a copy',
      (path) => {
        copyFileSync(path, `${path}.new`);
        renameSync(`${path}.new`, path);
      },
    ],
    ['cut', (path) => truncateSync(path, 30)],
    [
      'written by another program',
      (path) => appendFileSync(path, 'x'),
      (path) => truncateSync(path, statSync(path).size - 1),
    ],
    [
      'moved with its folder',
      (_, folder) => {
        renameSync(folder, `${folder}.old`);
        mkdirSync(folder);
      },
      (_, folder) => {
        rmdirSync(folder);
        renameSync(`${folder}.old`, folder);
      },
    ],
  ])('takes no record once its file is %s, and goes on once it is back', async (_, change, back) => {
    const folder = join(temporary(), 'log');
    mkdirSync(folder);
    const { log } = await openRecordLog(makeLogFiles(folder), format);
    const path = join(folder, 'items-1.log');
    const appended = (value: number): Promise<string> =>
      log.append([{ key: 'a', value }]).then(
        () => 'written',
        (error: Failure) => error.diagnostics[0]!.message,
      );
    expect(await appended(1)).toBe('written');
    change(path, folder);
    const refused = `${path}: it was moved, replaced or changed by another program`;
    expect([await appended(2), await appended(3)]).toEqual([refused, refused]);
    await expect(log.replace([], { exclusive: (work) => work() })).rejects.toThrow(refused);
    back?.(path, folder);
    expect(await appended(4)).toBe(back ? 'written' : refused);
    await log.close();
    if (back)
      expect((await openRecordLog(makeLogFiles(folder), format)).records.map(({ value }) => value)).toEqual([1, 4]);
  });

  it('says that a folder cannot be written, and takes no record after a sync that failed', async () => {
    const disk = new Disk();
    const files = faultyFiles(disk);
    const full = Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'write' });
    let mode: 'works' | 'full' | 'no sync' = 'works';
    const failing: LogFiles = {
      ...files,
      create: async (name) => {
        const file = await files.create(name);
        return {
          ...file,
          write: async (bytes) => {
            if (mode === 'full') {
              await file.write(bytes.subarray(0, 9));
              throw full;
            }
            return file.write(bytes);
          },
          sync: async () => {
            if (mode === 'no sync') throw full;
            await file.sync();
          },
        };
      },
    };
    const { log } = await openRecordLog(failing, format);
    const appended = (value: number): Promise<string> =>
      log.append([{ key: 'a', value }]).then(
        () => 'written',
        (error: Failure) => error.diagnostics[0]!.code,
      );
    expect(await appended(1)).toBe('written');
    mode = 'full';
    expect(await appended(2)).toBe('cannot-write');
    mode = 'works';
    expect(await appended(3)).toBe('written');
    mode = 'no sync';
    expect(await appended(4)).toBe('cannot-write');
    mode = 'works';
    expect(await appended(5)).toBe('cannot-write');
    const { records } = await openRecordLog(faultyFiles(disk.after('nothing', 0)), format);
    expect(records.map(({ value }) => value)).toEqual([1, 3]);
  });
});
