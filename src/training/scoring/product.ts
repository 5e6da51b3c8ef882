/** Subtracts products of large matrices, for a baseline that inverts one. */

/** Computes in plain code: for tests, and where no engine is given. */
export const plainProduct: Product = {
  async subtract(start, a, b) {
    const rest = start.data.slice(0, a.rows * b.rows);
    const width = a.columns;
    for (let row = 0; row < a.rows; row++) {
      for (let column = 0; column < b.rows; column++) {
        let sum = 0;
        for (let k = 0; k < width; k++) sum += a.data[row * width + k]! * b.data[column * width + k]!;
        rest[row * b.rows + column]! -= sum;
      }
    }
    return rest;
  },
  async close() {},
};

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
