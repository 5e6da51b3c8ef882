import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ended, program, tower } from './tower.ts';

describe('a closed pipe', () => {
  it('ends a command quietly', async () => {
    const child = spawn(process.execPath, [program, 'inspect', 'models/two_tower.tower', '--graph', 'step', '--json']);
    child.stdout.destroy();
    expect(await ended(child)).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

describe.skipIf(!existsSync('/dev/full'))('a full disk under stdout (skipped without /dev/full)', () => {
  it.each([
    [['inspect', 'models/two_tower.tower', '--graph']],
    [['check', 'models/two_tower.tower', '--json']],
    [['--help']],
  ])('is a coded failure of %j', async (args) => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', full, 'pipe'] });
    const { code, stderr } = await ended(child);
    closeSync(full);
    expect([code, stderr]).toEqual([1, expect.stringContaining('cannot write standard output: the disk is full')]);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it('and under stderr leaves the exit code as it is', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [program, 'check', 'none.tower'], { stdio: ['ignore', 'pipe', full] });
    expect(await ended(child)).toEqual({ code: 1, stdout: '', stderr: '' });
    closeSync(full);
  });
});

describe('a place where nothing can be written', () => {
  it.each([
    ['README.md', 'a file of this name exists'],
    ['README.md/x', 'part of its path is not a folder'],
    ['/proc/none/of/these', 'it does not exist'],
  ])('is refused as --out: %s', async (out, reason) => {
    const { code, stderr } = await tower(['compile', 'models/two_tower.tower', '--out', out]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`cannot write ${out}: ${reason}`)]);
  });
});

describe('our own failure', () => {
  // The file that is named cannot be read, for a reason that no system gives.
  const broken = `data:text/javascript,${encodeURIComponent(`
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const { readFileSync } = fs;
    fs.readFileSync = (path, ...rest) => {
      if (String(path).endsWith('.tower')) throw new TypeError('broken on purpose');
      return readFileSync(path, ...rest);
    };
    syncBuiltinESMExports();
  `)}`;

  it('is exit code 2, and says where it happened', async () => {
    const { code, stdout, stderr } = await tower(['check', 'models/two_tower.tower'], { node: ['--import', broken] });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Tower failed by a mistake of its own: broken on purpose');
    expect(stderr).toMatch(/^ {4}at /m);
  });

  it('is JSON for who asked for it', async () => {
    const { code, stdout } = await tower(['check', 'models/two_tower.tower', '--json'], { node: ['--import', broken] });
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject([{ code: 'internal', severity: 'error' }]);
  });
});
