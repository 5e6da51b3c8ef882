/** Reads rows of a table one by one, whatever memories they are in. */
import { isLong, type Numbers } from '../storage/tensor_header.ts';

/** @returns the numbers of a row: a view or a copy, to be read before the table changes */
export function rowReader(numbers: Numbers, dim: number): (row: number) => ArrayLike<number> {
  return (row) => {
    if (!isLong(numbers)) return numbers.subarray(row * dim, (row + 1) * dim);
    const own = new Float32Array(dim);
    numbers.read(row * dim, own);
    return own;
  };
}
