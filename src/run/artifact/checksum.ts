import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

export interface Checksum {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Reads the file in pieces: it may be larger than memory. */
export async function checksumOf(path: string): Promise<Checksum> {
  const hash = createHash('sha256');
  const piece = new Uint8Array(4 * 2 ** 20);
  const handle = await open(path, 'r');
  try {
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await handle.read(piece, 0, piece.length, bytes);
      if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes };
      hash.update(piece.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
