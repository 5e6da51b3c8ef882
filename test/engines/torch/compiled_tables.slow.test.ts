/** The update of table rows that PyTorch compiles is that of its ops one by one, for each row optimizer, at sizes that the compiler did not plan for. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { torchSettings } from '../../../src/engines/torch/worker.ts';
import { engineOrSkip } from '../support.ts';
import { hasCompiler } from './support.ts';

const loads = (await engineOrSkip('torch')) !== undefined;

it.skipIf(!loads || !hasCompiler)('updates rows as uncompiled ops do', { timeout: 300_000 }, () => {
  const cache = mkdtempSync(join(tmpdir(), 'tower-test-'));
  const script = join(import.meta.dirname, 'compiled_tables.py');
  const args = [script, 'src/engines/torch', cache, 'adam'];
  const env = { ...process.env, TORCHINDUCTOR_CACHE_DIR: cache };
  const { stdout, stderr } = spawnSync(torchSettings().python, args, { encoding: 'utf8', env });
  rmSync(cache, { recursive: true });
  const kinds = ['sgd', 'momentum', 'adagrad', 'row_adagrad', 'adam', 'lamb'];
  const lines = kinds.map((kind) => `${kind} ${kind === 'adam' ? 'compiled' : 'exported'}\n`);
  expect(stdout, stderr).toBe(lines.join(''));
});
