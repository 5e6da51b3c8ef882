/** Decides which folders the files of a data block may lie in. */
import { existsSync, realpathSync, type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, parse, relative, resolve, sep } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { reasonOf } from '../../base/diagnostics/system_reason.ts';
import { isAddress } from './remote/address.ts';

export interface Access {
  /** Folders that its files may lie in, and those in them, besides the project of the block; and addresses likewise, such as `s3://shop/`. */
  readonly allow?: readonly string[];
  /** False: its project is none of the user's, so that only `allow` counts. Default: true. */
  readonly project?: boolean;
}

export interface Reach {
  readonly folders: readonly string[];
  /** The name of the project's folder in messages; absent where it may not be read. */
  readonly project?: string;
}

/**
 * The project of the folder with the block, and what the user allows.
 * @throws Failure `cannot-read` for a folder to allow that is not there
 */
export function reachOf(folder: string, { allow = [], project = true }: Access = {}): Reach {
  const folders = allow.filter((path) => !isAddress(path));
  const allowed = folders.map((path) => {
    try {
      return realpathSync(path);
    } catch (error) {
      throw failure('cannot-read', { path, reason: reasonOf(error) });
    }
  });
  if (!project) return { folders: allowed };
  const ownFolder = projectOf(folder);
  return { folders: [ownFolder, ...allowed], project: ownFolder };
}

/** True if a path, its links followed, is in a folder that may be read. */
export function isWithin(path: string, { folders }: Reach): boolean {
  const targetPath = resolved(path);
  return folders.some((folder) => {
    const relativePath = relative(folder, targetPath);
    return relativePath !== '..' && !relativePath.startsWith(`..${sep}`) && !isAbsolute(relativePath);
  });
}

/**
 * The nearest folder above that has a `package.json` or a `.git`, else the folder itself. A home folder or a root holds far more
 * than one project, whatever is in it.
 */
function projectOf(folder: string): string {
  const realFolder = resolved(folder);
  const { root } = parse(realFolder);
  const homeFolder = resolved(homedir());
  for (let candidate = realFolder; candidate !== root && candidate !== homeFolder; candidate = dirname(candidate)) {
    if (existsSync(join(candidate, 'package.json')) || existsSync(join(candidate, '.git'))) return candidate;
  }
  return realFolder;
}

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
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ERR_INVALID_ARG_VALUE') return undefined;
    throw error;
  }
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}
