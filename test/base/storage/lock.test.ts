import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { lockFolder } from '../../../src/base/storage/lock.ts';
import { describeThisProcess, type Owner, processState } from '../../../src/base/storage/temporary.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
const purpose = 'tower test';
const held = (folder: string): Record<string, unknown> => JSON.parse(readFileSync(join(folder, '.lock'), 'utf8'));
const failureOf = async (work: Promise<unknown>): Promise<Failure> => {
  const error = await work.catch((each: unknown) => each);
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
};
/** A lock as another process would have left it. */
function leave(folder: string, owner: Partial<Owner>): void {
  mkdirSync(folder, { recursive: true });
  const id = '00000000-0000-4000-8000-000000000000';
  const since = '2026-01-01T00:00:00.000Z';
  const lock = { format: 'tower-lock-1', ...describeThisProcess(), ...owner, purpose: 'tower train', since, id };
  writeFileSync(join(folder, '.lock'), JSON.stringify(lock));
}
/** No process has it: Linux gives numbers up to 4 194 304. */
const nobody = 4_999_999;

describe('a locked folder', () => {
  it('is refused with the process that holds it, and free once that has ended', async () => {
    const folder = join(root, 'one');
    const lock = await lockFolder(folder, { purpose });
    const { diagnostics } = await failureOf(lockFolder(folder, { purpose }));
    expect(diagnostics[0]).toMatchObject({ code: 'run-in-use' });
    expect(diagnostics[0]!.message).toContain(`\`tower test\`: process ${process.pid} on `);
    await lock.release();
    // The folder was made for the lock.
    expect(existsSync(folder)).toBe(false);
  });

  it('is waited for', async () => {
    const folder = join(root, 'wait');
    const first = await lockFolder(folder, { purpose });
    setTimeout(() => first.release(), 120);
    const second = await lockFolder(folder, { purpose, wait: 5000 });
    await second.release();
  });

  it.each<[string, Partial<Owner>]>([
    ['whose process is gone', { pid: nobody }],
    ['whose process number was given to another process', { started: '1' }],
    ['of before the system started again', { boot: 'another', pid: process.pid }],
  ])('%s is taken over', async (what, owner) => {
    const folder = join(root, what);
    leave(folder, owner);
    const lock = await lockFolder(folder, { purpose });
    expect(held(folder)).toMatchObject({ purpose, pid: process.pid });
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each<[string, Partial<Owner>]>([
    ['of another computer', { host: 'elsewhere', pid: nobody }],
    ['of another computer of this name', { machine: 'elsewhere', pid: nobody }],
    ['of another container', { space: 'pid:[1]', pid: nobody }],
  ])('%s is never taken over, since nothing can be known of it', async (what, owner) => {
    const folder = join(root, what);
    leave(folder, owner);
    const { diagnostics } = await failureOf(lockFolder(folder, { purpose }));
    expect(diagnostics[0]!.hint).toContain(`delete ${join(folder, '.lock')}`);
    expect(held(folder)).toMatchObject(owner);
  });

  it('whose lock is no lock of ours is refused; an empty one is what a kill leaves', async () => {
    const folder = join(root, 'odd');
    mkdirSync(folder);
    writeFileSync(join(folder, '.lock'), 'mine');
    expect((await failureOf(lockFolder(folder, { purpose }))).message).toContain('names no process');
    writeFileSync(join(folder, '.lock'), '');
    await (await lockFolder(folder, { purpose })).release();
  });

  it('loses what killed processes left next to the lock, not what live ones write', async () => {
    const folder = join(root, 'left');
    leave(folder, { pid: nobody });
    const text = readFileSync(join(folder, '.lock'), 'utf8');
    const draft = (n: number): string => `.lock-00000000-0000-4000-8000-00000000000${n}`;
    writeFileSync(join(folder, draft(1)), text);
    writeFileSync(join(folder, draft(2)), text.replace(String(nobody), String(process.pid)));
    const lock = await lockFolder(folder, { purpose });
    expect(readdirSync(folder).sort()).toEqual(['.lock', draft(2)]);
    await lock.release();
  });
});

describe('the owner of a lock', () => {
  it('is known to run, to be gone, or not known at all', async () => {
    const me = describeThisProcess();
    expect(processState(me)).toBe('running');
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    expect(processState({ ...me, pid: child.pid!, started: '' })).toBe('running');
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('exit', resolve));
    expect(processState({ ...me, pid: child.pid!, started: '' })).toBe('gone');
  });
});

describe('many processes that want one folder with a stale lock', () => {
  const script = join('node_modules', '.cache', `lock_child-${process.pid}.mjs`);
  beforeAll(async () => {
    await build({
      stdin: {
        contents: `
          import { appendFileSync } from 'node:fs';
          import { lockFolder } from './src/base/storage/lock.ts';
          const [folder, log] = process.argv.slice(2);
          for (let done = 0; done < 5; ) {
            try {
              const lock = await lockFolder(folder, { purpose: 'race' });
              appendFileSync(log, 'in ' + process.pid + '\\n');
              await new Promise((resolve) => setTimeout(resolve, 2));
              appendFileSync(log, 'out ' + process.pid + '\\n');
              done++;
              // Every other time it ends as if killed: its lock stays, and is stale.
              if (done === 5) process.reallyExit(0);
              await lock.release();
            } catch (error) {
              if (error.diagnostics?.[0].code !== 'run-in-use') throw error;
              await new Promise((resolve) => setTimeout(resolve, 1));
            }
          }`,
        resolveDir: '.',
        loader: 'ts',
      },
      outfile: script,
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
    });
  });
  afterAll(() => import('node:fs').then(({ rmSync }) => rmSync(script, { force: true })));

  it('are in it one after the other', async () => {
    const folder = join(root, 'race');
    const log = join(root, 'race.log');
    leave(folder, { pid: nobody });
    const children = Array.from({ length: 6 }, () => spawn(process.execPath, [script, folder, log]));
    const ends = await Promise.all(
      children.map(
        (child) =>
          new Promise<string>((resolve) => {
            let errors = '';
            child.stderr.on('data', (text) => (errors += text));
            child.on('close', (code) => resolve(`${code}${errors}`));
          }),
      ),
    );
    expect(ends).toEqual(children.map(() => '0'));
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    expect(lines.length).toBe(6 * 5 * 2);
    for (let at = 0; at < lines.length; at += 2) {
      expect([lines[at]!.slice(0, 3), lines[at + 1]]).toEqual(['in ', lines[at]!.replace('in', 'out')]);
    }
  }, 30_000);
});
