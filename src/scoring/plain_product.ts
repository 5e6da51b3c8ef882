/** Products of matrices without an engine. */
import type { Product } from './product.ts';

/** In plain code: for tests, and where no engine is given. */
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
