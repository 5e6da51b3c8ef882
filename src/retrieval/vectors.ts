/**
 * The vectors of a tower, which training computes and retrieval reads. Each score is the inner product over a range of their columns, except where items have
 * several vectors.
 */
export interface Vectors {
  /** float32 [rows, width], or [rows, interests, width]; row-major. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly width: number;
  /** Number of vectors for each row, if there are several. */
  readonly interests?: number;
}

/** A score that `retrieve` declares: the inner product of columns `from` to `to`. Query vectors are already multiplied by `factor`. */
export interface RetrievalObjective {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly factor: number;
}

/** Vectors of a corpus by the item tower, as plain data. */
export interface ComputedItemVectors {
  readonly vectors: Vectors;
  /** The tables that the query tower looks up, by name. */
  readonly tables: ReadonlyMap<string, Float32Array>;
}

/** A matrix for storage: its numbers, or a byte for each, in a quarter of the space, with the scale of each row. */
export type StoredRows = Float32Array | { readonly codes: Uint8Array; readonly scales: Float32Array };

/** The byte that stands for 0. */
const zeroByte = 128;
const largestByte = 127;

/** Stores each number as one byte: it is off by at most 1/254 of the largest of its row. @param data float32 [rows, width] */
export function codedRows(data: Float32Array, width: number): Exclude<StoredRows, Float32Array> {
  const rows = data.length / width;
  const codes = new Uint8Array(rows * width);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const [start, end] = [row * width, (row + 1) * width];
    let largest = 0;
    for (let index = start; index < end; index++) largest = Math.max(largest, Math.abs(data[index]!));
    const scale = Math.fround(largest / largestByte);
    scales[row] = scale;
    for (let index = start; index < end; index++) {
      const code = scale === 0 ? 0 : Math.round(data[index]! / scale);
      codes[index] = zeroByte + Math.max(-largestByte, Math.min(largestByte, code));
    }
  }
  return { codes, scales };
}

/** Returns the numbers of a matrix, the same bits on every host. */
export function numbersOf(rows: StoredRows): Float32Array {
  if (rows instanceof Float32Array) return rows;
  const { codes, scales } = rows;
  const width = codes.length / scales.length;
  const data = new Float32Array(codes.length);
  for (let row = 0, index = 0; row < scales.length; row++) {
    const scale = scales[row]!;
    for (const end = index + width; index < end; index++) data[index] = (codes[index]! - zeroByte) * scale;
  }
  return data;
}
