import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hasReader, lockFolder, registerReader, rejectIfRead } from '../../../src/base/storage/lock.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const folder = temporaryFolder();

it('several processes may read a folder, and none of them keeps it from being written', async () => {
  expect(await hasReader(folder)).toBe(false);
  const ends = [await registerReader(folder, 'tower serve'), await registerReader(folder, 'tower serve')];
  const lock = await lockFolder(folder, { purpose: 'tower train' });
  await lock.release();
  await ends[0]!();
  expect(await hasReader(folder)).toBe(true);
  await expect(rejectIfRead(folder)).rejects.toMatchObject({ diagnostics: [{ code: 'run-in-use' }] });
  await ends[1]!();
  await rejectIfRead(folder);
  expect(readdirSync(folder)).toEqual([]);
});

it('a folder that cannot be written is read without a mark', async () => {
  const end = await registerReader(join(folder, 'nowhere'), 'tower serve');
  await end();
});
