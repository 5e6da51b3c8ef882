/** Which folders the files of a data block may lie in. */
import { existsSync, realpathSync, type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, parse, relative, resolve, sep } from 'node:path';
import { failure } from '../../diagnostics/failure.ts';
import { systemReason } from '../../diagnostics/system_reason.ts';

/** What a caller lets a data block read. */
export interface Access {
  /** Folders that its files may lie in, and those in them, besides the project of the block. */
  readonly allow?: readonly string[];
  /** False: its project is none of the user's, so that only `allow` counts. Default: true. */
  readonly project?: boolean;
}

/** Folders, free of links, that may be read from. */
export interface Reach {
  readonly folders: readonly string[];
  /** What messages call the folder of the project; absent where it may not be read. */
  readonly project?: string;
}

/**
 * The project of the folder with the block, and what the user allows.
 * @throws Failure `cannot-read` for a folder to allow that is not there
 */
export function reachOf(folder: string, { allow = [], project = true }: Access = {}): Reach {
  const allowed = allow.map((path) => {
    try {
      return realpathSync(path);
    } catch (error) {
      throw failure('cannot-read', { path, reason: systemReason(error) ?? (error as Error).message });
    }
  });
  if (!project) return { folders: allowed };
  const own = projectOf(folder);
  return { folders: [own, ...allowed], project: own };
}

/**
 * The nearest folder above that has a `package.json` or a `.git`, else the folder itself. A home folder or a root holds far more
 * than one project, whatever is in it.
 */
export function projectOf(folder: string): string {
  const own = resolved(folder);
  const { root } = parse(own);
  const home = resolved(homedir());
  for (let at = own; at !== root && at !== home; at = dirname(at)) {
    if (existsSync(join(at, 'package.json')) || existsSync(join(at, '.git'))) return at;
  }
  return own;
}

/** Whether a path, its links followed, is in a folder that may be read. */
export function isWithin(path: string, { folders }: Reach): boolean {
  const target = resolved(path);
  return folders.some((folder) => {
    const way = relative(folder, target);
    return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  });
}

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
