import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ended, program, tower } from './tower.ts';

describe('a closed pipe', () => {
  it('ends a command quietly', async () => {
    const child = spawn(process.execPath, [program, 'inspect', 'models/two_tower.tower', '--graph', 'step', '--json']);
    child.stdout.destroy();
    expect(await ended(child)).toEqual({ code: 0, stdout: '', stderr: '' });
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
    expect(stderr).toContain('tower failed, and it is not your fault: broken on purpose');
    expect(stderr).toMatch(/^ {4}at /m);
  });

  it('is JSON for who asked for it', async () => {
    const { code, stdout } = await tower(['check', 'models/two_tower.tower', '--json'], { node: ['--import', broken] });
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject([{ code: 'internal', severity: 'error' }]);
  });
});
