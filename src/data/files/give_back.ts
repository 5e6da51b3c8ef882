/** Gives memory that is no longer used back to the system. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { releaseFreedMemory } from './duckdb.ts';

let collect: (() => void) | undefined;

function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}

/** Frees arrays that nothing refers to, and lets the C library return the memory to the system: it keeps arrays below 32 MiB for later. */
export async function giveBack(): Promise<void> {
  collectGarbage();
  await releaseFreedMemory();
}
