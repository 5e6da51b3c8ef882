/** An input of the graph that a table fills, and whose gradient comes back to it. */

/**
 * One row a code; the mean or the sum of a bag's rows; the sum of its rows, each times a share; or a bag's rows side by side with
 * zeros past its end.
 */
export type TableLookupKind = 'one' | 'mean' | 'sum' | 'weighted' | 'sequence';

export interface LookupOptions {
  readonly kind: TableLookupKind;
  readonly length?: number;
}

/**
 * Use: `reserve`, fill `codes()` (and `offsets()`, one more than rows, for all kinds but `one`), `gather`, and when its
 * gradient is there `accumulate`, once. The arrays are views that any `reserve` on the same table may detach: reserve for all
 * lookups of a step first, then fill and gather.
 */
export interface Lookup {
  reserve(rows: number, codes: number): void;
  codes(): Int32Array;
  offsets(): Int32Array;
  /** One a code, to be filled where the kind is `weighted`. */
  shares(): Float32Array;
  /** Keeps a copy of a bag column's values next to the table, for `copyBags`. */
  hold(values: Int32Array): void;
  /** After `reserve`: fills codes and offsets with the bags whose starts and ends, in what is held, `windows` writes. */
  copyBags(rows: number, windows: (starts: Int32Array, ends: Int32Array) => void): void;
  /** float32 [rows, dim], or [rows, length, dim] for a sequence; valid until the next `accumulate` or `reserve`. */
  gather(rows: number): Float32Array;
  /** Adds d loss ÷ d (what `gather` gave) to the table's pending gradients. */
  accumulate(gradient: Float32Array): void;
  /** Gives its memory back to the table. */
  close(): void;
}
