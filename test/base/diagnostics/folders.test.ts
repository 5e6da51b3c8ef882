import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolders, makeFoldersSync } from '../../../src/base/storage/durable.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();

describe('folders', () => {
  it('are made with those above, once', async () => {
    const path = join(root, 'a', 'b', 'c');
    expect(await makeFolders(path)).toBe(join(root, 'a'));
    expect(await makeFolders(path)).toBeUndefined();
    makeFoldersSync(join(root, 'd', 'e'));
    makeFoldersSync(join(root, 'd', 'e'));
    expect([path, join(root, 'd', 'e')].every(existsSync)).toBe(true);
  });

  it('are not made where a file is, above or in their place', async () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'x'), join(file, 'x', 'y')]) {
      await expect(makeFolders(path)).rejects.toThrow(/EEXIST|ENOTDIR/);
      expect(() => makeFoldersSync(path)).toThrow(/EEXIST|ENOTDIR/);
    }
  });

  it.skipIf(!existsSync('/proc/self'))('that no system can make are given up (skipped without /proc)', async () => {
    await expect(makeFolders('/proc/none/of/these')).rejects.toThrow('ENOENT');
    expect(() => makeFoldersSync('/proc/none')).toThrow('ENOENT');
  });
});
