/** How long all rows of a table are together. */
import { rowReader } from './row_reader.ts';
import type { Table } from './table.ts';

/** Numbers that are read of a table. A larger one is estimated. */
const mostNumbers = 2 ** 18;

/** Square root of the sum of squares; of a large table, from rows that lie evenly in it. */
export function tableNorm(table: Table, most = mostNumbers): number {
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
