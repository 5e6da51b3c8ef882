/** Columns as they come out of DuckDB, by row id: codes of a dictionary and numbers, in typed arrays. */
import type { DuckDBDataChunk } from '@duckdb/node-api';

/** Codes of a dictionary: 0 is missing. */
export interface RawCodes {
  readonly kind: 'codes';
  readonly values: Int32Array;
}

/** `width` numbers a row; NaN is missing. `bad` lists rows that held something else than finite numbers. */
export interface RawNumbers {
  readonly kind: 'numbers';
  readonly width: number;
  readonly values: Float64Array;
  readonly bad: number[];
  /** Rows that held NaN, where they are not among the bad ones. */
  readonly nan?: number[];
}

/** `values[starts[i] … ends[i])`, missing elements left out. */
export interface RawBags {
  readonly kind: 'bags';
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly values: Int32Array | Float64Array;
  readonly bad: number[];
}

export type RawColumn = RawCodes | RawNumbers | RawBags;

/** How many of the kept rows have no value. */
export function countMissing(raw: RawColumn, kept: Uint8Array): number {
  let count = 0;
  for (let row = 0; row < kept.length; row++) {
    if (kept[row] === 0) continue;
    if (raw.kind === 'bags') count += raw.starts[row] === raw.ends[row] ? 1 : 0;
    else if (raw.kind === 'codes') count += raw.values[row] === 0 ? 1 : 0;
    else count += Number.isNaN(raw.values[row * raw.width]!) ? 1 : 0;
  }
  return count;
}

/** A column of one chunk, without an object a row. */
export interface ChunkColumn {
  readonly items: ArrayLike<number>;
  /** One bit a row, or nothing where all rows have a value. */
  readonly valid: Uint8Array | undefined;
}

interface VectorParts {
  readonly items: ArrayLike<number>;
  readonly validity: { readonly data: BigUint64Array | null };
}

/** `at`: position of the column, whose type is a number. */
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
  const vector = chunk.getColumnVector(at) as unknown as {
    readonly entryData: BigUint64Array;
    readonly validity: { readonly data: BigUint64Array | null };
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

function validBits(vector: { readonly validity: { readonly data: BigUint64Array | null } }): Uint8Array | undefined {
  const { data } = vector.validity;
  return data === null ? undefined : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Whether bit `at` is set. */
export function isValid(bits: Uint8Array | undefined, at: number): boolean {
  return bits === undefined || ((bits[at >> 3]! >> (at & 7)) & 1) === 1;
}
