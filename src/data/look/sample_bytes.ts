/** Some bytes of a file: all of a small one, pieces from everywhere of a large one, so that a look takes seconds whatever the size. */
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { InputFile } from '../files/files.ts';
import { beginning } from '../files/records/scan.ts';

export interface Sample {
  /** The first begins where the file begins. The others may begin and end within a record. */
  readonly pieces: readonly Buffer[];
  readonly isWhole: boolean;
  /** Bytes of the file: of what is in it, where that is known. */
  readonly size: number | undefined;
}

const FIRST = 2 << 20;
const OTHER = 256 << 10;
const OTHERS = 8;

export async function sampleBytes(file: InputFile): Promise<Sample> {
  const { size } = statSync(file.path);
  const least = FIRST + OTHER * OTHERS;
  if (file.compressed || size <= least) {
    const { bytes, whole } = await beginning(file, least);
    return { pieces: [bytes], isWhole: whole, size: whole ? bytes.length : undefined };
  }
  const handle = await open(file.path);
  try {
    const pieces: Buffer[] = [];
    const read = async (at: number, length: number): Promise<void> => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
      pieces.push(buffer.subarray(0, bytesRead));
    };
    await read(0, FIRST);
    // Even offsets: a character of UTF-16 is two bytes.
    const step = Math.floor((size - FIRST - OTHER) / (OTHERS - 1) / 2) * 2;
    for (let piece = 0; piece < OTHERS; piece++) await read(FIRST + piece * step, OTHER);
    return { pieces, isWhole: false, size };
  } finally {
    await handle.close();
  }
}
