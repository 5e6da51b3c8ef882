/** Reads the columns of one chunk of a query's result where DuckDB holds them. */
import type { DuckDBDataChunk } from '@duckdb/node-api';
import type { TextsWriter } from '../../base/text/texts.ts';
import { maxInlineBytes, textBytes } from '../files/duckdb.ts';

export interface ChunkColumn {
  readonly items: ArrayLike<number>;
  /** One bit a row; undefined where all rows have a value. */
  readonly valid: Uint8Array | undefined;
}

interface VectorParts {
  readonly items: ArrayLike<number>;
  readonly validity: { readonly data: BigUint64Array | null };
}

/** @param at index of the column, whose type is a number */
export function chunkColumn(chunk: DuckDBDataChunk, at: number): ChunkColumn {
  const vector = chunk.getColumnVector(at) as unknown as VectorParts;
  return { items: vector.items, valid: validBits(vector) };
}

/** A column of lists of numbers: row i has `items[offset(i) … offset(i) + length(i))`. */
export interface ChunkLists extends ChunkColumn {
  /** Two 64-bit words a row, offset and length, as pairs of 32-bit words: only the low ones count. */
  readonly entries: Uint32Array;
  readonly elementValid: Uint8Array | undefined;
}

export function chunkLists(chunk: DuckDBDataChunk, at: number): ChunkLists {
  const vector = chunk.getColumnVector(at) as unknown as Pick<VectorParts, 'validity'> & {
    readonly entryData: BigUint64Array;
    readonly childData: VectorParts;
  };
  const { buffer, byteOffset, byteLength } = vector.entryData;
  return {
    items: vector.childData.items,
    valid: validBits(vector),
    entries: new Uint32Array(buffer, byteOffset, byteLength / 4),
    elementValid: validBits(vector.childData),
  };
}

function validBits({ validity: { data } }: Pick<VectorParts, 'validity'>): Uint8Array | undefined {
  return data === null ? undefined : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** True if bit `at` is set. */
export function isValid(bits: Uint8Array | undefined, at: number): boolean {
  return bits === undefined || ((bits[at >> 3]! >> (at & 7)) & 1) === 1;
}

/** Adds the bytes of a column of blobs, each of which is a text in UTF-8 and none is NULL. */
export function addBlobs(chunk: DuckDBDataChunk, at: number, to: TextsWriter): void {
  const vector = chunk.getColumnVector(at) as unknown as BlobParts;
  const { dataView } = vector;
  const inline = new Uint8Array(dataView.buffer, dataView.byteOffset, dataView.byteLength);
  for (let row = 0; row < chunk.rowCount; row++) {
    const start = row * textBytes;
    const length = dataView.getUint32(start, true);
    if (length <= maxInlineBytes) to.addBytes(inline, start + 4, start + 4 + length);
    else to.addBytes(vector.getItemBytes(row), 0, length);
  }
}

interface BlobParts {
  readonly dataView: DataView;
  getItemBytes(row: number): Uint8Array;
}
