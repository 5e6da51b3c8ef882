import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  describeThisProcess,
  makeTemporaryFolder,
  type Owner,
  removeAbandonedFolders,
  removeTemporaryFolder,
} from '../../../src/base/storage/temporary.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
let folder: string;
let next = 0;
beforeEach(() => {
  folder = join(root, String(next++));
  mkdirSync(folder);
  vi.stubEnv('TMPDIR', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** A process that has ended. */
const ended: Owner = { ...describeThisProcess(), pid: spawnSync(process.execPath, ['--version']).pid!, started: '' };

function leave(name: string, owner?: unknown): void {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'rows'), 'some');
  if (owner !== undefined) writeFileSync(join(folder, name, '.owner.json'), JSON.stringify(owner));
}

describe('temporary folders', () => {
  it('are of one process, and removed with what is in them', () => {
    const [one, other] = [makeTemporaryFolder('test'), makeTemporaryFolder('test')];
    expect(one).not.toBe(other);
    writeFileSync(join(one, 'rows'), 'some');
    removeTemporaryFolder(one);
    removeTemporaryFolder(one);
    expect(readdirSync(folder)).toHaveLength(1);
    removeTemporaryFolder(other);
  });

  it('that a killed process left are removed; those of others stay', () => {
    leave('tower-duckdb-ended', ended);
    leave('tower-read-before', { ...describeThisProcess(), boot: 'an earlier start of the system' });
    leave('tower-duckdb-running', describeThisProcess());
    leave('tower-duckdb-elsewhere', { ...ended, host: 'another host' });
    leave('tower-duckdb-container', { ...ended, space: 'another space' });
    leave('tower-unmarked');
    leave('tower-damaged', 'no owner');
    leave('other-ended', ended);
    symlinkSync(join(folder, 'other-ended'), join(folder, 'tower-link'));
    removeAbandonedFolders();
    expect(readdirSync(folder).sort()).toEqual([
      'other-ended',
      'tower-damaged',
      'tower-duckdb-container',
      'tower-duckdb-elsewhere',
      'tower-duckdb-running',
      'tower-link',
      'tower-unmarked',
    ]);
  });

  it('report a place where none can be made', () => {
    vi.stubEnv('TMPDIR', join(folder, 'missing'));
    removeAbandonedFolders();
    expect(() => makeTemporaryFolder('test')).toThrow('a temporary folder cannot be made');
  });
});
