/**
 * Opens files of a run's folder so that nothing in the folder can lead out of it or block the reader: only regular files, no links, no devices, and no more
 * bytes than asked for.
 */
import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { awaitRead, failure, throwFileError } from '../diagnostics/diagnostic.ts';
import type { Checksum, ReadableFile } from './tensor_header.ts';

/** True for a path with `/` that stays within its folder. */
const isPathInsideFolder = (path: string): boolean =>
  path !== '' && !/[\\\0]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

export const exists = async (path: string): Promise<boolean> =>
  (await lstat(path).catch(() => undefined)) !== undefined;

/** True if the path is a folder, and not a link to one. */
export const isFolder = async (path: string): Promise<boolean> =>
  (await lstat(path).catch(() => undefined))?.isDirectory() ?? false;

/** Maximum bytes of a text that Tower reads whole. A string of JavaScript holds little more. */
const maxTextBytes = 500 * 2 ** 20;

/** @throws Failure `lost-file`, `damaged-file`, `cannot-read` */
export const openRunFile = async (folder: string, path: string): Promise<FileHandle> =>
  (await openIfExists(folder, path)) ?? throwLostFile(folder, path);

const throwLostFile = (folder: string, path: string): never => {
  throw failure('lost-file', { path, folder });
};

/** Opens a file; returns undefined if there is none. @throws Failure `damaged-file`, `cannot-read` */
export async function openIfExists(folder: string, path: string): Promise<FileHandle | undefined> {
  const fullPath = join(folder, path);
  if (!isPathInsideFolder(path))
    throw failure('damaged-file', { path: folder, reason: `it names ${JSON.stringify(path)}, which is not in it` });
  let handle: FileHandle | undefined;
  try {
    const folderNames = path.split('/');
    for (let depth = 1; depth < folderNames.length; depth++) {
      const parentPath = folderNames.slice(0, depth).join('/');
      const parentStats = await lstat(join(folder, parentPath));
      if (!parentStats.isDirectory())
        throw failure('damaged-file', {
          path: join(folder, parentPath),
          reason: describeFileType(parentStats, 'a folder'),
        });
    }
    rejectIrregularFile(fullPath, await lstat(fullPath));
    // The file may have been replaced in the meantime, and must not block then either.
    handle = await open(fullPath, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    rejectIrregularFile(fullPath, await handle.stat());
    return handle;
  } catch (error) {
    if (handle) await closeQuietly(handle);
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    return throwFileError('cannot-read', fullPath, error);
  }
}

/** Yields the lines of a file of a run, one at a time, because there may be millions. Closes the file. @throws Failure `cannot-read` */
export async function* readFileLines(handle: FileHandle, path: string): AsyncGenerator<string> {
  try {
    yield* handle.readLines();
  } catch (error) {
    throwFileError('cannot-read', path, error);
  } finally {
    await closeQuietly(handle);
  }
}

/** Closes a file. An error is ignored, because everything was read. */
export const closeQuietly = (handle: FileHandle): Promise<void> => handle.close().catch(() => {});

function rejectIrregularFile(path: string, stats: Stats): void {
  if (!stats.isFile()) throw failure('damaged-file', { path, reason: describeFileType(stats, 'a regular file') });
}

function describeFileType(stats: Stats, expectedType: string): string {
  const namesByTest = {
    isSymbolicLink: 'a symbolic link',
    isDirectory: 'a folder',
    isFIFO: 'a named pipe',
    isSocket: 'a socket',
    isFile: 'a file',
  } as const;
  const matchingTest = (Object.keys(namesByTest) as (keyof typeof namesByTest)[]).find((name) => stats[name]());
  return `it is ${matchingTest === undefined ? 'a device' : namesByTest[matchingTest]}, not ${expectedType}`;
}

/** @throws as `openRunFile`; `damaged-file` for more than `maxBytes` */
export const readRunFile = async (folder: string, path: string, maxBytes = maxTextBytes): Promise<Buffer> =>
  (await readIfExists(folder, path, maxBytes)) ?? throwLostFile(folder, path);

/** Reads a file; returns undefined if there is none. @throws as `readRunFile` */
export async function readIfExists(folder: string, path: string, maxBytes: number): Promise<Buffer | undefined> {
  const fullPath = join(folder, path);
  const handle = await openIfExists(folder, path);
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) {
      const reason = `it has ${size.toLocaleString('en')} bytes, and the limit is ${maxBytes.toLocaleString('en')}`;
      throw failure('damaged-file', { path: fullPath, reason });
    }
    return await handle.readFile();
  } catch (error) {
    return throwFileError('cannot-read', fullPath, error);
  } finally {
    await closeQuietly(handle);
  }
}

/** Maximum bytes of run.json and the manifest, which are small. */
const maxJsonBytes = 64 * 2 ** 20;

/** Reads a JSON file; returns undefined if there is none. @throws as `readRunFile`; `damaged-file` if it is not JSON */
export async function readJsonFile(folder: string, path: string): Promise<unknown> {
  const bytes = await readIfExists(folder, path, maxJsonBytes);
  return bytes && parseJson(bytes, join(folder, path));
}

/** @throws Failure `damaged-file` naming `path` */
export function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw failure('damaged-file', { path, reason: 'it is not JSON' });
  }
}

/** Returns the checksum of a file of a run's folder. @throws Failure `lost-file`, `damaged-file`, `cannot-read` */
export async function computeChecksum(folder: string, path: string): Promise<Checksum> {
  const handle = await openRunFile(folder, path);
  try {
    return await awaitRead(join(folder, path), computeChecksumOfHandle(handle));
  } finally {
    await closeQuietly(handle);
  }
}

/** Reads the file in pieces, because it may be larger than memory. @throws the reason of `signal` */
export async function computeChecksumOfHandle(handle: ReadableFile, signal?: AbortSignal): Promise<Checksum> {
  const hash = createHash('sha256');
  const piece = new Uint8Array(4 * 2 ** 20);
  let bytes = 0;
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(piece, 0, piece.length, bytes);
    if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes };
    hash.update(piece.subarray(0, bytesRead));
    bytes += bytesRead;
  }
}
