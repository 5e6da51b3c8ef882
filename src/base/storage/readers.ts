/**
 * Processes that read a folder as long as they run, as a server does its run. Each leaves a file there that names it, and what would remove the folder
 * looks for such files. Nothing else does: a reader keeps nobody from writing.
 */
import { unlinkSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reading } from '../diagnostics/system_reason.ts';
import { heldFor, holderOf, inUse, isReaderFile } from './lock.ts';
import { stateOf } from './owner.ts';

/**
 * A folder that cannot be written gets no file: the reader answers all the same.
 * @returns what ends it
 */
export async function beginReading(folder: string, purpose: string): Promise<() => Promise<void>> {
  const held = heldFor(purpose);
  const path = join(folder, `.reader-${held.id}`);
  try {
    await writeFile(path, JSON.stringify(held), { flag: 'wx' });
  } catch {
    await rm(path, { force: true }).catch(() => {});
    return async () => {};
  }
  // Ctrl-C pressed twice ends the process without a `finally`.
  const atExit = (): void => {
    try {
      unlinkSync(path);
    } catch {
      // The folder may be gone.
    }
  };
  process.once('exit', atExit);
  return async () => {
    process.removeListener('exit', atExit);
    await rm(path, { force: true }).catch(() => {});
  };
}

/** Whether a process reads the folder, or one may that cannot be seen from here. @throws Failure `cannot-read` */
export const isRead = async (folder: string): Promise<boolean> => (await readerOf(folder)) !== undefined;

/** @throws Failure `run-in-use` with the process that reads the folder, `cannot-read` */
export async function refuseRead(folder: string): Promise<void> {
  const found = await readerOf(folder);
  if (found) throw inUse(folder, found.path, found.held);
}

async function readerOf(folder: string) {
  for (const name of (await reading(folder, readdir(folder))).filter(isReaderFile)) {
    const path = join(folder, name);
    const held = await reading(path, holderOf(path));
    if (held && stateOf(held) !== 'gone') return { path, held };
  }
  return undefined;
}
