/** Folders for what does not fit in the memory of a database. */
import { Failure } from '../../diagnostics/failure.ts';
import { makeTemporary, removeTemporary } from '../../storage/temporary.ts';

/** Few data sets need the folder, so its absence matters only once memory is used up. */
export function spillFolder(): { readonly folder?: string; readonly problem?: string } {
  try {
    const folder = makeTemporary('duckdb');
    if (spills.size === 0) process.on('exit', removeSpills);
    spills.add(folder);
    return { folder };
  } catch (error) {
    if (error instanceof Failure) return { problem: error.message };
    throw error;
  }
}

/** Folders of open databases: they go with the process, too. */
const spills = new Set<string>();

/** Removes what is left of them, before a signal ends the process. */
export function removeSpills(): void {
  for (const folder of spills) removeSpill(folder);
}

export function removeSpill(folder: string): void {
  removeTemporary(folder);
  spills.delete(folder);
  if (spills.size === 0) process.off('exit', removeSpills);
}
