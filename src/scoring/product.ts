/** Products of large matrices, for a baseline that inverts one. */

/** A matrix of float32, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

export interface Product {
  /** start − a bᵀ, of start [rows of a, rows of b]. */
  subtract(start: Matrix, a: Matrix, b: Matrix): Promise<Float32Array>;
  close(): Promise<void>;
}

export type MakeProduct = () => Promise<Product>;
