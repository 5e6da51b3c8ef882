import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { beginReading, isRead, lockFolder, refuseRead } from '../../../src/base/storage/lock.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const folder = temporaryFolder();

it('several processes may read a folder, and none of them keeps it from being written', async () => {
  expect(await isRead(folder)).toBe(false);
  const ends = [await beginReading(folder, 'tower serve'), await beginReading(folder, 'tower serve')];
  const lock = await lockFolder(folder, { purpose: 'tower train' });
  await lock.release();
  await ends[0]!();
  expect(await isRead(folder)).toBe(true);
  await expect(refuseRead(folder)).rejects.toMatchObject({ diagnostics: [{ code: 'run-in-use' }] });
  await ends[1]!();
  await refuseRead(folder);
  expect(readdirSync(folder)).toEqual([]);
});

it('a folder that cannot be written is read without a mark', async () => {
  const end = await beginReading(join(folder, 'nowhere'), 'tower serve');
  await end();
});
