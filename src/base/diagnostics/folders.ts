/**
 * Folders with those above them. Node's own `recursive` does not end on a path where nothing can be made, such as one of /proc: the
 * system says that the folder is missing, and the folder above it exists.
 */
import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** @returns the first folder that had to be made */
export async function makeFolders(path: string): Promise<string | undefined> {
  try {
    await mkdir(path);
    return path;
  } catch (error) {
    if (isMissing(error, path)) {
      const first = await makeFolders(dirname(path));
      await mkdir(path);
      return first ?? path;
    }
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) return undefined;
    throw error;
  }
}

export function makeFoldersSync(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (isMissing(error, path)) {
      makeFoldersSync(dirname(path));
      mkdirSync(path);
    } else if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

const isMissing = (error: unknown, path: string): boolean =>
  (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path;
