import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { reading } from '../diagnostics/system_reason.ts';
import type { ReadableFile } from './readable.ts';
import { closeRead, openRunFile } from './run_files.ts';

export interface Checksum {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Of a file in a run's folder.
 * @throws Failure `lost-file`, `damaged-file`, `cannot-read`
 */
export async function checksumOf(folder: string, path: string): Promise<Checksum> {
  const handle = await openRunFile(folder, path);
  try {
    return await reading(join(folder, path), checksumOpened(handle));
  } finally {
    await closeRead(handle);
  }
}

/** Reads the file in pieces: it may be larger than memory. @throws the reason of `signal` */
export async function checksumOpened(handle: ReadableFile, signal?: AbortSignal): Promise<Checksum> {
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
