/**
 * Files of a run's folder, opened so that nothing in the folder can lead out of it or keep its reader waiting: regular files only,
 * no links, no devices, no more bytes than asked for.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../diagnostics/failure.ts';
import { systemReason } from '../diagnostics/system_reason.ts';

/** A path within a folder, with `/`, never out of it. */
const isInside = (path: string): boolean =>
  path !== '' && !/[\\\0]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

/** Whether a folder lies there itself, and no link to one. */
export const isFolder = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** Text of JSON that Tower reads: a string of JavaScript holds little more. */
const mostText = 500 * 2 ** 20;

/**
 * @returns undefined where `missing` is `optional` and there is no such file
 * @throws Failure `lost-file`, `damaged-file`, `cannot-read`
 */
export async function openRunFile(folder: string, path: string): Promise<FileHandle>;
export async function openRunFile(folder: string, path: string, missing: 'optional'): Promise<FileHandle | undefined>;
export async function openRunFile(folder: string, path: string, missing?: 'optional'): Promise<FileHandle | undefined> {
  const at = join(folder, path);
  if (!isInside(path))
    throw failure('damaged-file', { path: folder, reason: `it names ${JSON.stringify(path)}, which is not in it` });
  let handle: FileHandle | undefined;
  try {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const above = parts.slice(0, depth).join('/');
      const found = await lstat(join(folder, above));
      if (!found.isDirectory())
        throw failure('damaged-file', { path: join(folder, above), reason: notThis(found, 'a folder') });
    }
    refuseIrregular(at, await lstat(at));
    // Another file may have taken its place since: it must not block either.
    handle = await open(at, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    refuseIrregular(at, await handle.stat());
    return handle;
  } catch (error) {
    if (handle) await closeRead(handle);
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      if (missing === 'optional') return undefined;
      throw failure('lost-file', { path, folder });
    }
    throw failure('cannot-read', { path: at, reason });
  }
}

/** The lines of a file of a run, one at a time: there may be millions. Closes the file. @throws Failure `cannot-read` */
export async function* linesOf(handle: FileHandle, path: string): AsyncGenerator<string> {
  try {
    yield* handle.readLines();
  } catch (error) {
    const reason = systemReason(error);
    throw reason === undefined ? error : failure('cannot-read', { path, reason });
  } finally {
    await closeRead(handle);
  }
}

/** What was read is read, whatever the system says at the end. */
export const closeRead = (handle: FileHandle): Promise<void> => handle.close().catch(() => {});

function refuseIrregular(path: string, found: Stats): void {
  if (!found.isFile()) throw failure('damaged-file', { path, reason: notThis(found, 'a regular file') });
}

function notThis(found: Stats, wanted: string): string {
  const kind = found.isSymbolicLink()
    ? 'a symbolic link'
    : found.isDirectory()
      ? 'a folder'
      : found.isFIFO()
        ? 'a named pipe'
        : found.isSocket()
          ? 'a socket'
          : found.isFile()
            ? 'a file'
            : 'a device';
  return `it is ${kind}, not ${wanted}`;
}

/** @throws as `openRunFile`; `damaged-file` for more than `most` bytes */
export async function readRunFile(folder: string, path: string, most?: number): Promise<Buffer>;
export async function readRunFile(
  folder: string,
  path: string,
  most: number,
  missing: 'optional',
): Promise<Buffer | undefined>;
export async function readRunFile(
  folder: string,
  path: string,
  most: number = mostText,
  missing?: 'optional',
): Promise<Buffer | undefined> {
  const at = join(folder, path);
  const handle = missing ? await openRunFile(folder, path, missing) : await openRunFile(folder, path);
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > most) {
      const reason = `it has ${size.toLocaleString('en')} bytes, and the limit is ${most.toLocaleString('en')}`;
      throw failure('damaged-file', { path: at, reason });
    }
    return await handle.readFile();
  } catch (error) {
    const reason = systemReason(error);
    throw reason === undefined ? error : failure('cannot-read', { path: at, reason });
  } finally {
    await closeRead(handle);
  }
}

/** run.json and the manifest are small. */
const mostOfOwn = 64 * 2 ** 20;

/** @throws as `readRunFile`; `damaged-file` where it is not JSON */
export async function readJsonFile(folder: string, path: string): Promise<unknown>;
export async function readJsonFile(folder: string, path: string, missing: 'optional'): Promise<unknown>;
export async function readJsonFile(folder: string, path: string, missing?: 'optional'): Promise<unknown> {
  const bytes = missing
    ? await readRunFile(folder, path, mostOfOwn, missing)
    : await readRunFile(folder, path, mostOfOwn);
  return bytes === undefined ? undefined : parseJson(bytes, join(folder, path));
}

/** @throws Failure `damaged-file` naming `path` */
export function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw failure('damaged-file', { path, reason: 'it is not JSON' });
  }
}
