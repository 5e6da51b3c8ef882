/** Finds and reads `.tower` files, and other files that contain Tower. */
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { describeError, describeSystemError, failure } from '../../base/diagnostics/diagnostic.ts';
import { makeSource, type Source } from '../../base/text/source.ts';
import { isReadable, pathKind, type Reach, reachOf, realPath } from '../../data/files/access.ts';

/** @throws Failure `cannot-read` */
export function readSource(path: string): Source {
  try {
    const kind = pathKind(path);
    // Reading a pipe would wait for a writer, and a device may never end.
    if (kind !== undefined && kind !== 'file') throw failure('cannot-read', { path, reason: `it is ${kind}` });
    return makeSource(nameOf(path), readFileSync(path, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw failure('cannot-read', { path, reason: reasons[code] ?? describeSystemError(error) ?? message });
  }
}

/** Reads a file that another file uses; undefined if there is no regular file. @param roots see `FileOptions` */
export function loadUsed(path: string, roots: readonly string[]): Source | 'outside' | undefined {
  try {
    if (pathKind(path) !== 'file') return undefined;
    if (!isReadable(path, { folders: roots.map(realPath) })) return 'outside';
    return makeSource(nameOf(path), readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Returns the named files, and from each named folder every file with one of these endings.
 * @throws Failure `cannot-read` for a folder without such files, which would otherwise seem to be fine, and for a link in it that leads out of the project of
 * the folder
 */
export function filesAt(paths: readonly string[], endings: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (!isFolder(path)) return [path];
    const foundFiles = listFiles(path, endings, reachOf(path));
    if (foundFiles.length > 0) return foundFiles;
    throw failure('cannot-read', { path, reason: `no file in it ends in ${endings.join(' or ')}` });
  });
}

/** False if the path cannot be read. The error is reported when the file is read. */
function isFolder(path: string): boolean {
  try {
    return pathKind(path) === 'a folder';
  } catch {
    return false;
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw failure('cannot-read', { path: folder, reason: describeError(error) });
  }
}

function listFiles(folder: string, endings: readonly string[], reach: Reach): string[] {
  const entries = entriesOf(folder).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
    const entryPath = join(folder, entry.name);
    if (entry.isDirectory()) return listFiles(entryPath, endings, reach);
    if (!endings.includes(extname(entry.name))) return [];
    // The caller may write the files that are found, and shows their lines.
    if (entry.isSymbolicLink() && !isReadable(entryPath, reach)) {
      const reason = `it is a link to ${realPath(entryPath)}, outside the project: name that file itself`;
      throw failure('cannot-read', { path: entryPath, reason });
    }
    return [entryPath];
  });
}

/** Returns the path of a file or folder for messages: relative to the working folder, or unchanged if it is outside of it. */
export function nameOf(path: string): string {
  const relativePath = relative('', path);
  return relativePath === '' || relativePath.startsWith('..') ? path : relativePath;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read',
};
