/** Reads rows of a table one by one, whatever memories they are in. */
import { isLong, type Numbers } from '../../base/storage/tensor_header.ts';
import type { Table } from './table.ts';

/** @returns the numbers of a row: a view or a copy, to be read before the table changes */
export function rowReader(numbers: Numbers, dim: number): (row: number) => ArrayLike<number> {
  return (row) => {
    if (!isLong(numbers)) return numbers.subarray(row * dim, (row + 1) * dim);
    const rowCopy = new Float32Array(dim);
    numbers.read(row * dim, rowCopy);
    return rowCopy;
  };
}

/** Numbers that are read of a table. A larger one is estimated. */
const maxNumbersRead = 2 ** 18;

/** Returns the square root of the sum of squares; of a large table, from rows that lie evenly in it. */
export function tableNorm(table: Table, most = maxNumbersRead): number {
  const { rows, dim } = table;
  const count = Math.min(rows, Math.max(1, Math.floor(most / dim)));
  const rowOf = rowReader(table.numbers(), dim);
  let squares = 0;
  for (let at = 0; at < count; at++) {
    const row = rowOf(Math.floor((at * rows) / count));
    for (let i = 0; i < dim; i++) squares += row[i]! * row[i]!;
  }
  return Math.sqrt((squares * rows) / Math.max(1, count));
}
