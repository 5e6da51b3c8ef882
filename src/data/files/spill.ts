/** Makes folders for data that does not fit in the memory of a database. */
import { Failure } from '../../base/diagnostics/failure.ts';
import { makeTemporary, removeTemporary } from '../../base/storage/temporary.ts';

/** Few data sets need the folder, so its absence matters only once memory is used up. */
export function spillFolder(): { readonly folder?: string; readonly problem?: string } {
  try {
    const folder = makeTemporary('duckdb');
    if (openFolders.size === 0) process.on('exit', removeSpills);
    openFolders.add(folder);
    return { folder };
  } catch (error) {
    if (error instanceof Failure) return { problem: error.message };
    throw error;
  }
}

const openFolders = new Set<string>();

/** Removes the remaining folders, before a signal ends the process. */
export function removeSpills(): void {
  for (const folder of openFolders) removeSpill(folder);
}

export function removeSpill(folder: string): void {
  removeTemporary(folder);
  openFolders.delete(folder);
  if (openFolders.size === 0) process.off('exit', removeSpills);
}
