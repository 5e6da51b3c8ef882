/** The vectors of all items in files that searches of others read: an array of NumPy, and the same rows with keys and titles as Parquet. */
import { endianness } from 'node:os';
import { join } from 'node:path';
import { makeFolder, writeDurably } from '../../base/storage/durable.ts';
import type { Texts } from '../../base/text/texts.ts';
import { writeParquet } from '../../data/files/parquet.ts';

export interface ExportedItems {
  readonly keys: Texts;
  readonly titles?: Texts;
  /** float32 [rows, width] */
  readonly vectors: { readonly data: Float32Array; readonly rows: number; readonly width: number };
}

export interface ItemIndex {
  readonly vectors: string;
  readonly items: string;
  readonly rows: number;
}

/** @throws Failure `cannot-write` */
export async function writeItems(folder: string, { keys, titles, vectors }: ExportedItems): Promise<ItemIndex> {
  const index = { vectors: 'index/vectors.npy', items: 'index/items.parquet', rows: vectors.rows };
  await makeFolder(join(folder, 'index'));
  await writeDurably(join(folder, index.vectors), async (sink) => {
    await sink.write(npyHeader(vectors.rows, vectors.width));
    await sink.write(littleEndian(vectors.data));
  });
  const columns = [
    { name: 'key', texts: keys },
    ...(titles ? [{ name: 'title', texts: titles }] : []),
    { name: 'vector', numbers: vectors.data, width: vectors.width },
  ];
  await writeParquet(join(folder, index.items), columns, vectors.rows);
  return index;
}

/** Version 1.0 of the format. The header ends at a multiple of 64, so that the numbers can be mapped into memory. */
function npyHeader(rows: number, columns: number): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = Buffer.alloc(length, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(length - 10, 8);
  header.write(text, 10, 'latin1');
  header.write('\n', length - 1);
  return header;
}

function littleEndian({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32();
}
