/** pygls as an independent client: Python's types of the protocol read every answer. Skips where pygls is not installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { smallModel } from '../../../src/base/diagnostics/small_model.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const python = process.env.TOWER_PYTHON ?? 'python3';
const found = spawnSync(python, ['-c', 'import pygls.lsp.client'], { encoding: 'utf8' }).status === 0;
if (!found) console.log('pygls is not installed: its test skips');

it.skipIf(!found)('pygls understands every answer', { timeout: 120_000 }, () => {
  const path = join(temporaryFolder(), 'films.tower');
  writeFileSync(path, smallModel({ item: 'channel main = movie_id -> mlp(32, 8)' }));
  const output = execFileSync(
    python,
    ['test/editor/lsp/pygls_client.py', process.execPath, 'dist/cli.js', pathToFileURL(path).href, path],
    { encoding: 'utf8', timeout: 100_000 },
  );
  const answers = JSON.parse(output.trim().split('\n').at(-1)!);
  expect(answers).toMatchObject({
    server: 'tower',
    codes: ['channel-widths'],
    hover: expect.stringContaining('tower user'),
    symbols: ['model small', 'features', 'tower user', 'tower item', 'task watch'].map((name) =>
      expect.stringContaining(name.split(' ').at(-1)!),
    ),
    renamed: 2,
    hints: ['vector[16]', 'vector[8]'],
  });
  expect(answers.actions[0]).toBe('Make `user.main` 8 wide, not 16');
  expect(answers.lenses).toEqual([expect.stringContaining('weights'), expect.stringContaining('weights')]);
  for (const count of ['completions', 'tokens', 'edits']) expect(answers[count], count).toBeGreaterThan(0);
});
