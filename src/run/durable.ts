/**
 * Files that are either whole or as they were before: written under a temporary name, fsynced, renamed, the folder fsynced.
 * A full disk or an unwritable folder is a Failure, and leaves what stood there untouched.
 */
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { failure } from '../diagnostics/failure.ts';
import { systemReason } from './system_reason.ts';

/** A file that is being written from its first byte on. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
}

const pieceBytes = 64 * 2 ** 20;

/**
 * Replaces `path` by what `body` writes.
 * @param kept what a message may call the file that stays whole when this fails: `the checkpoint of epoch 3`
 */
export async function writeDurably(path: string, body: (sink: Sink) => Promise<void>, kept?: string): Promise<void> {
  const partial = join(dirname(path), `.${basename(path)}.partial`);
  let handle: FileHandle | undefined;
  try {
    handle = await open(partial, 'w');
    await body(sinkOf(handle));
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(partial, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await handle?.close().catch(() => {});
    await rm(partial, { force: true }).catch(() => {});
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw failure('cannot-write', { path, reason, kept });
  }
}

export async function writeTextDurably(path: string, text: string): Promise<void> {
  await writeDurably(path, (sink) => sink.write(Buffer.from(text)));
}

/** With the folders above it. @throws Failure `cannot-write` */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    const reason = systemReason(error);
    throw reason === undefined ? error : failure('cannot-write', { path, reason });
  });
}

/** The file is gone, and stays gone after a crash. */
export async function removeDurably(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path));
}

/** A rename is on the disk only once its folder is. Windows cannot open a folder, and needs no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function sinkOf(handle: FileHandle): Sink {
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
