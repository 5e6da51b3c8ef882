/** Where a path leads once its links are followed, and what lies there. */
import { realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** Without links, as far as the path exists. */
export function resolved(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch {
    const parent = dirname(whole);
    return parent === whole ? whole : join(resolved(parent), basename(whole));
  }
}

/**
 * What lies at a path, its links followed: `file`, or in words what it is instead; undefined where nothing is. Nothing is opened: a
 * pipe would wait for a writer.
 * @throws Error of the system, for a path that may not be looked at
 */
export function kindAt(path: string): string | undefined {
  const found = statAt(path);
  if (found === undefined) return undefined;
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a pipe';
  if (found.isSocket()) return 'a socket';
  return 'a device';
}

function statAt(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ERR_INVALID_ARG_VALUE') return undefined;
    throw error;
  }
}
