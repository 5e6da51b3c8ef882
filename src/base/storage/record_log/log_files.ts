/** The files of a log: the few things that it asks of a file system, so that a test can end them at any point. */
import { constants } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../durable.ts';

export interface LogFile {
  /** At the end. May write less than it was given. */
  write(bytes: Uint8Array): Promise<number>;
  /** Waits until written bytes are on the disk. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

export interface LogFiles {
  /** As people read it. */
  readonly folder: string;
  list(): Promise<readonly string[]>;
  /** Pieces of a file, from a byte on. */
  read(name: string, from: number): AsyncIterable<Uint8Array>;
  /** Makes an empty file, or empties the one that is there. */
  create(name: string): Promise<LogFile>;
  /** To write at the end of a file. */
  append(name: string): Promise<LogFile>;
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Names that were made, changed and removed are on the disk. */
  syncFolder(): Promise<void>;
}

/** A piece is read as JSON without a pause. */
const pieceBytes = 2 ** 16;

/** A link is not followed: what it leads to is no file of this folder. */
const noLink = constants.O_NOFOLLOW ?? 0;

export const logFilesIn = (folder: string): LogFiles => ({
  folder,
  list: () => readdir(folder),
  async *read(name, from) {
    const handle = await open(join(folder, name), constants.O_RDONLY | noLink);
    try {
      for (let at = from; ; ) {
        const piece = new Uint8Array(pieceBytes);
        const { bytesRead } = await handle.read(piece, 0, pieceBytes, at);
        if (bytesRead === 0) return;
        at += bytesRead;
        yield piece.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  },
  create: (name) => fileAt(join(folder, name), constants.O_CREAT | constants.O_TRUNC),
  append: (name) => fileAt(join(folder, name), 0),
  rename: (from, to) => rename(join(folder, from), join(folder, to)),
  remove: (name) => rm(join(folder, name), { force: true }),
  syncFolder: () => syncFolder(folder),
});

async function fileAt(path: string, flags: number): Promise<LogFile> {
  const handle = await open(path, constants.O_WRONLY | constants.O_APPEND | noLink | flags, 0o600);
  return {
    write: async (bytes) => (await handle.write(bytes)).bytesWritten,
    sync: () => handle.datasync(),
    truncate: (bytes) => handle.truncate(bytes),
    close: () => handle.close(),
  };
}
