/** Decides in which folders the files of a data block may be. */
import { existsSync, realpathSync, type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, parse, relative, resolve, sep } from 'node:path';
import { describeError, failure } from '../../base/diagnostics/diagnostic.ts';
import { isAddress } from './remote/address.ts';

export interface Access {
  /** Further folders, with their subfolders, and addresses, such as `s3://shop/`, that its files may be in. The project of the block is allowed too. */
  readonly allow?: readonly string[];
  /** False if the project of the block is not trusted, so that only `allow` counts. Default: true. */
  readonly project?: boolean;
}

export interface Reach {
  readonly folders: readonly string[];
  /** The path of the project's folder for messages. Absent if the project may not be read. */
  readonly project?: string;
}

/**
 * Returns the folders that may be read: the project that contains `folder`, and those that the user allows.
 * @throws Failure `cannot-read` for an allowed folder that does not exist
 */
export function reachOf(folder: string, { allow = [], project = true }: Access = {}): Reach {
  const folders = allow.filter((path) => !isAddress(path));
  const allowedFolders = folders.map((path) => {
    try {
      return realpathSync(path);
    } catch (error) {
      throw failure('cannot-read', { path, reason: describeError(error) });
    }
  });
  if (!project) return { folders: allowedFolders };
  const projectFolder = findProject(folder);
  return { folders: [projectFolder, ...allowedFolders], project: projectFolder };
}

/** True if a path, with symbolic links resolved, is in a folder that may be read. */
export function isReadable(path: string, { folders }: Reach): boolean {
  const targetPath = realPath(path);
  return folders.some((folder) => {
    const relativePath = relative(folder, targetPath);
    return relativePath !== '..' && !relativePath.startsWith(`..${sep}`) && !isAbsolute(relativePath);
  });
}

/**
 * Returns the nearest parent folder with a `package.json` or a `.git`, or the folder itself if there is none. A home folder or a root never counts, because it
 * contains more than one project.
 */
function findProject(folder: string): string {
  const realFolder = realPath(folder);
  const { root } = parse(realFolder);
  const homeFolder = realPath(homedir());
  for (let candidate = realFolder; candidate !== root && candidate !== homeFolder; candidate = dirname(candidate)) {
    if (existsSync(join(candidate, 'package.json')) || existsSync(join(candidate, '.git'))) return candidate;
  }
  return realFolder;
}

/** Resolves symbolic links in the part of the path that exists. */
export function realPath(path: string): string {
  const fullPath = resolve(path);
  try {
    return realpathSync(fullPath);
  } catch {
    const parent = dirname(fullPath);
    return parent === fullPath ? fullPath : join(realPath(parent), basename(fullPath));
  }
}

/**
 * Returns the kind of a path after following links: `file`, or a description of anything else; undefined if it does not exist. It opens nothing, because a
 * pipe would block. @throws Error of the system, for a path that may not be inspected
 */
export function pathKind(path: string): string | undefined {
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
