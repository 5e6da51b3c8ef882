/**
 * Replaces files atomically: writes under a temporary name, calls `fsync`, renames, and calls `fsync` for the folder. A full disk or an unwritable
 * folder is a Failure and leaves the old file untouched.
 */
import { mkdirSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { awaitWrite, describeSystemError, failure } from '../diagnostics/diagnostic.ts';

/** A new file that is being written from the beginning. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
}

const chunkBytes = 64 * 2 ** 20;

/** Makes names distinct even for two writes of one process to one file. */
let partialCount = 0;

/** Returns a temporary name that only this process uses, so that of two processes that write one file, one wins as a whole. */
const makePartialPath = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${process.pid}-${partialCount++}.partial`);

/**
 * Replaces the file at `path` by what `writeBody` writes.
 * @param intact describes, for the message of a failure, the file that stays intact: `the checkpoint of epoch 3`
 */
export async function writeDurably(
  path: string,
  writeBody: (sink: ByteSink) => Promise<void>,
  intact?: string,
): Promise<void> {
  const write = async (partial: string): Promise<void> => {
    const handle = await open(partial, 'wx');
    await writeBody(makeFileSink(handle)).finally(() => handle.close());
  };
  await replaceDurably(path, write, intact);
}

/**
 * Replaces `path` like `writeDurably`, if something else writes the file: `writeBody` writes it whole at the path that it gets, in the folder of `path`.
 * @throws Failure `cannot-write`
 */
export async function replaceDurably(
  path: string,
  writeBody: (partial: string) => Promise<void>,
  intact?: string,
): Promise<void> {
  const partial = makePartialPath(path);
  let isReplaced = false;
  try {
    await rm(partial, { force: true });
    await writeBody(partial);
    const handle = await open(partial, 'r+');
    await handle.sync().finally(() => handle.close());
    await rename(partial, path);
    isReplaced = true;
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    const reason = describeSystemError(error);
    if (reason === undefined) throw error;
    throw failure('cannot-write', { path, reason, kept: isReplaced ? undefined : intact });
  }
}

export async function writeTextDurably(path: string, text: string): Promise<void> {
  await writeDurably(path, (sink) => sink.write(Buffer.from(text)));
}

/** True if `name` is that of a temporary file of `path`, such as a kill leaves. */
export const isPartialOf = (name: string, path: string): boolean =>
  name.startsWith(`.${path}.`) && /^\d+-\d+\.partial$/.test(name.slice(path.length + 2));

/** Creates a folder and its parents. @returns the first folder that had to be created @throws Failure `cannot-write` */
export const makeFolder = (path: string): Promise<string | undefined> => awaitWrite(path, makeFolders(path));

/** @throws Failure `cannot-write` */
export const removeFile = (path: string): Promise<void> => awaitWrite(path, rm(path, { force: true }));

/** Removes a file so that it stays removed after a crash. @throws Failure `cannot-write` */
export async function removeDurably(path: string): Promise<void> {
  await removeFile(path);
  await awaitWrite(dirname(path), syncFolder(dirname(path)));
}

/** Makes renames in a folder durable. Windows cannot open a folder, and does not need it. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems cannot fsync a folder.
    if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

/** An open file: Node's handle without its type, which the types of the package must not need. */
interface OpenFile {
  write(bytes: Uint8Array, offset: number, length: number): Promise<{ readonly bytesWritten: number }>;
}

export function makeFileSink(handle: OpenFile): ByteSink {
  return {
    async write(bytes) {
      // One write call writes at most 2 GiB, and may write less than requested.
      for (let index = 0; index < bytes.byteLength; ) {
        const { bytesWritten } = await handle.write(bytes, index, Math.min(chunkBytes, bytes.byteLength - index));
        index += bytesWritten;
      }
    },
  };
}

/**
 * Creates a folder and its parents. Node's own `recursive` never ends for a path where nothing can be created, such as in /proc: the system says that the
 * folder is missing although its parent exists.
 * @returns the first folder that had to be created
 */
export async function makeFolders(path: string): Promise<string | undefined> {
  try {
    await mkdir(path);
    return path;
  } catch (error) {
    if (isParentMissing(error, path)) {
      const firstMade = await makeFolders(dirname(path));
      await mkdir(path);
      return firstMade ?? path;
    }
    const pathStats = await stat(path).catch(() => undefined);
    if (pathStats?.isDirectory()) return undefined;
    throw error;
  }
}

export function makeFoldersSync(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (isParentMissing(error, path)) {
      makeFoldersSync(dirname(path));
      mkdirSync(path);
    } else if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

const isParentMissing = (error: unknown, path: string): boolean =>
  (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path;
