/**
 * Replaces files atomically: writes under a temporary name, calls `fsync`, renames, and calls `fsync` for the folder. A full disk or an unwritable
 * folder is a Failure and leaves the old file untouched.
 */
import { mkdirSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { failure } from '../diagnostics/failure.ts';
import { systemReason, writing } from '../diagnostics/system_reason.ts';

/** A file that is being written from its first byte on. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
}

const pieceBytes = 64 * 2 ** 20;

/** Two writes of one process to one file do not share a name either. */
let partials = 0;

/** A name of this process alone: two that write one file leave the one or the other, whole. */
const partialOf = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${process.pid}-${partials++}.partial`);

/**
 * Replaces `path` by the output of `body`. @param kept describes, for the message of a failure, the file that stays intact: `the checkpoint of epoch
 * 3`
 */
export async function writeDurably(path: string, body: (sink: Sink) => Promise<void>, kept?: string): Promise<void> {
  const write = async (partial: string): Promise<void> => {
    const handle = await open(partial, 'wx');
    await body(fileSink(handle)).finally(() => handle.close());
  };
  await replaceDurably(path, write, kept);
}

/**
 * The same where something else writes: `body` writes the whole file at the path that it is given, in the folder of `path`.
 * @throws Failure `cannot-write`
 */
export async function replaceDurably(
  path: string,
  body: (partial: string) => Promise<void>,
  kept?: string,
): Promise<void> {
  const partial = partialOf(path);
  let isReplaced = false;
  try {
    await rm(partial, { force: true });
    await body(partial);
    const handle = await open(partial, 'r+');
    await handle.sync().finally(() => handle.close());
    await rename(partial, path);
    isReplaced = true;
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw failure('cannot-write', { path, reason, kept: isReplaced ? undefined : kept });
  }
}

export async function writeTextDurably(path: string, text: string): Promise<void> {
  await writeDurably(path, (sink) => sink.write(Buffer.from(text)));
}

/** Matches the names of temporary files of `path` that a kill has left. */
export const isPartialOf = (name: string, path: string): boolean =>
  name.startsWith(`.${path}.`) && /^\d+-\d+\.partial$/.test(name.slice(path.length + 2));

/**
 * Creates a folder and its parents. @returns the first folder that had to be created
 * @throws Failure `cannot-write`
 */
export const makeFolder = (path: string): Promise<string | undefined> => writing(path, makeFolders(path));

/** @throws Failure `cannot-write` */
export const remove = (path: string): Promise<void> => writing(path, rm(path, { force: true }));

/** The file is gone, and stays gone after a crash. @throws Failure `cannot-write` */
export async function removeDurably(path: string): Promise<void> {
  await remove(path);
  await writing(dirname(path), syncFolder(dirname(path)));
}

/** A rename is on the disk only once its folder is. Windows cannot open a folder, and needs no such thing. */
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

/** A file that is open: Node's handle, without the name of its type, which the package's own types must not need. */
interface OpenFile {
  write(bytes: Uint8Array, offset: number, length: number): Promise<{ readonly bytesWritten: number }>;
}

export function fileSink(handle: OpenFile): Sink {
  return {
    async write(bytes) {
      // One write call moves at most 2 GiB, and may move less than it was given.
      for (let at = 0; at < bytes.byteLength; ) {
        const { bytesWritten } = await handle.write(bytes, at, Math.min(pieceBytes, bytes.byteLength - at));
        at += bytesWritten;
      }
    },
  };
}

/**
 * Makes a folder with those above it. Node's own `recursive` does not end on a path where nothing can be made, such as one of /proc: the
 * system says that the folder is missing, and the folder above it exists.
 * @returns the first folder that had to be made
 */
export async function makeFolders(path: string): Promise<string | undefined> {
  try {
    await mkdir(path);
    return path;
  } catch (error) {
    if (isMissing(error, path)) {
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
    if (isMissing(error, path)) {
      makeFoldersSync(dirname(path));
      mkdirSync(path);
    } else if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

const isMissing = (error: unknown, path: string): boolean =>
  (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path;
