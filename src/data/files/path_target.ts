/** Follows the links of paths, and says what lies there. */
import { realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** Resolves links as far as the path exists. */
export function resolved(path: string): string {
  const fullPath = resolve(path);
  try {
    return realpathSync(fullPath);
  } catch {
    const parent = dirname(fullPath);
    return parent === fullPath ? fullPath : join(resolved(parent), basename(fullPath));
  }
}

/**
 * Returns the kind of what lies at a path, its links followed: `file`, or in words what it is instead; undefined where nothing is. Nothing
 * is opened: a pipe would wait for a writer.
 * @throws Error of the system, for a path that may not be inspected
 */
export function kindAt(path: string): string | undefined {
  const stats = statAt(path);
  if (stats === undefined) return undefined;
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isSocket()) return 'a socket';
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
