/** Columns of DuckDB by row id: codes of a dictionary and numbers, in typed arrays. */

/** Codes of a dictionary: 0 is missing. */
export interface RawCodes {
  readonly kind: 'codes';
  readonly values: Int32Array;
}

/** `width` numbers a row; NaN is missing. `bad` lists rows with other values than finite numbers. */
export interface RawNumbers {
  readonly kind: 'numbers';
  readonly width: number;
  readonly values: Float64Array;
  readonly bad: number[];
  /** Rows with NaN, where they are not among the bad ones. */
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

export function bagSpans(lengths: Int32Array): Pick<RawBags, 'kind' | 'starts' | 'ends'> {
  const starts = new Int32Array(lengths.length);
  const ends = new Int32Array(lengths.length);
  let end = 0;
  for (let i = 0; i < lengths.length; i++) {
    starts[i] = end;
    ends[i] = end += lengths[i]!;
  }
  return { kind: 'bags', starts, ends };
}
