/** `npm run generate` in a copy of the project. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const formulas = 'src/compiler/library/blocks/generated_formulas.ts';

it('writes the formula of a row that the library imports already', { timeout: 300_000 }, () => {
  const copy = mkdtempSync(join(tmpdir(), 'tower-generate-'));
  try {
    const left = new Set(['node_modules', '.git', 'dist'].map((name) => join(root, name)));
    cpSync(root, copy, { recursive: true, filter: (path) => !left.has(path) });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const text = readFileSync(join(root, formulas), 'utf8');
    const withoutBpr = text.replace(/ {2}bpr: `[^`]*`,\n/, '');
    expect(withoutBpr).not.toBe(text);
    writeFileSync(join(copy, formulas), withoutBpr);
    const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
    const { stderr, status } = spawnSync(process.execPath, [tsx, 'scripts/generate.ts'], {
      cwd: copy,
      encoding: 'utf8',
    });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(readFileSync(join(copy, formulas), 'utf8')).toBe(text);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});
