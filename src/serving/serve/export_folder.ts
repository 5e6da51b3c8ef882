/** Where an export is written. */
import { readdir } from 'node:fs/promises';
import { failure } from '../../base/diagnostics/failure.ts';
import { reading } from '../../base/diagnostics/system_reason.ts';
import { isLockFile } from '../../base/storage/lock.ts';

/** @param force takes a folder with other files, too. @throws Failure `folder-in-use` */
export async function refuseOtherFiles(folder: string, force = false): Promise<void> {
  const names = (await reading(folder, readdir(folder))).filter((name) => !isLockFile(name));
  if (names.length === 0 || force) return;
  throw failure('folder-in-use', { folder, run: false, holds: `other files (${names.slice(0, 3).join(', ')})` });
}
