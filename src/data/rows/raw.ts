/** Columns as they come out of DuckDB, by row id: codes of a dictionary and numbers, in typed arrays. */

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
