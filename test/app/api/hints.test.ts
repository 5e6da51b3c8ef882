/** Hints to a program that uses the library name what it can write, and those to a user of the command line the options. */
import { expect, it, vi } from 'vitest';

it('name options on the command line, and entries of a request in the library', async () => {
  vi.resetModules();
  const { diagnose } = await import('../../../src/base/diagnostics/diagnostic.ts');
  const hints = (): (string | undefined)[] => [
    diagnose('folder-in-use', undefined, { folder: 'runs/one', run: true, holds: 'a run' }).hint,
    diagnose('data-file-outside', undefined, { path: '/x/y.csv', target: '/x/y.csv', allow: '/x' }).hint,
    diagnose('run-elsewhere', undefined, { folder: 'r', file: 'd.tower', allow: ['/a', '/b'] }).hint,
  ];
  const [first, second, third] = hints();
  expect(first).toBe('continue it with `--resume`, replace it with `--force`, or give another folder');
  expect(second).toContain('`--allow ');
  expect(third).toContain('`--allow /a` `--allow /b`');
  await import('../../../src/api.ts');
  const [inUse, outside, elsewhere] = hints();
  expect(inUse).toBe('continue it with `resume: true`, replace it with `force: true`, or give another folder');
  expect(outside).toMatch(/allow its folder: `allow: \['.*'\]`$/);
  expect(elsewhere).toContain("name the data with `data: 'FILE.tower'`");
  expect(elsewhere).toContain("`allow: ['/a']` `allow: ['/b']`");
});
