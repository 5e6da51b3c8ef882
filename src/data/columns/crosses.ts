/** Combines columns of codes: a cross has no column in any file. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { defined } from '../../base/util/defined.ts';
import type { Encoding, IndexedColumn } from '../dataset.ts';
import { missingCode } from './encode.ts';
import { makeCoder } from './encoders/table.ts';

/** Returns the text that a cross encodes: the codes of its features, `17,3`. It is part of what an artifact means. */
export function crossedText(codes: readonly number[]): string {
  return codes.join();
}

/** Returns the cross of some columns of the same rows. To hash a combination takes less than to look it up among those that were hashed. */
export function crossColumns(encoding: Encoding, parts: readonly IndexedColumn[], rows: number): IndexedColumn {
  const coder = makeCoder(encoding);
  invariant(coder.reads === 'text' && coder.gives === 'code', 'a cross is encoded as one text');
  const columns = parts.map(({ column, index }) => {
    invariant(column.kind === 'codes', 'a cross is of codes');
    return { values: column.values, index };
  });
  const values = new Int32Array(rows);
  const codes = columns.map(() => 0);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < columns.length; i++) {
      const { values: columnValues, index } = columns[i]!;
      codes[i] = columnValues[index ? index[row]! : row]!;
    }
    values[row] = coder.code(crossedText(codes));
  }
  return { column: { kind: 'codes', values } };
}

/** Returns one code a row: that of the bag's last element, or of a missing value where the bag is empty. */
export function lastColumn(encoding: Encoding, { column, index }: IndexedColumn): IndexedColumn {
  invariant(column.kind === 'bags', 'the last element is of a bag');
  const { starts, ends, values } = column;
  const missing = missingCode(encoding);
  const lastCode = (_: unknown, bag: number): number => (ends[bag]! > starts[bag]! ? values[ends[bag]! - 1]! : missing);
  return { column: { kind: 'codes', values: ends.map(lastCode) }, ...defined({ index }) };
}
