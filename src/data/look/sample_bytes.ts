/** Reads some bytes of a file: all of a small one, pieces from everywhere of a large one, so that a look takes seconds whatever the size. */
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { InputFile } from '../files/files.ts';
import { readBeginning } from '../files/records/scan.ts';

export interface FileSample {
  /** The first begins where the file begins. The others may begin and end within a record. */
  readonly pieces: readonly Buffer[];
  readonly isWhole: boolean;
  /** Unpacked bytes of the file, if known. */
  readonly size: number | undefined;
}

const firstBytes = 2 << 20;
const otherBytes = 256 << 10;
const otherPieces = 8;

export async function sampleBytes(file: InputFile): Promise<FileSample> {
  const { size } = statSync(file.path);
  const minimum = firstBytes + otherBytes * otherPieces;
  if (file.compressed || size <= minimum) {
    const { bytes, whole } = await readBeginning(file, minimum);
    return { pieces: [bytes], isWhole: whole, size: whole ? bytes.length : undefined };
  }
  const handle = await open(file.path);
  try {
    const pieces: Buffer[] = [];
    const read = async (at: number, length: number): Promise<void> => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
      pieces.push(buffer.subarray(0, bytesRead));
    };
    await read(0, firstBytes);
    // Even offsets: a character of UTF-16 is two bytes.
    const step = Math.floor((size - firstBytes - otherBytes) / (otherPieces - 1) / 2) * 2;
    for (let piece = 0; piece < otherPieces; piece++) await read(firstBytes + piece * step, otherBytes);
    return { pieces, isWhole: false, size };
  } finally {
    await handle.close();
  }
}
