/** Reads the newest element of each bag for `last(history)`: of events, of users, and of a request alike. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { defined } from '../../base/util/defined.ts';
import type { Encoding, IndexedColumn } from '../dataset.ts';
import { missingCode } from './encode.ts';

/** Returns one code a row: that of the bag's last element, or of a missing value where the bag is empty. */
export function lastColumn(encoding: Encoding, { column, index }: IndexedColumn): IndexedColumn {
  invariant(column.kind === 'bags', 'the last element is of a bag');
  const { starts, ends, values } = column;
  const missing = missingCode(encoding);
  const lastCode = (_: unknown, bag: number): number => (ends[bag]! > starts[bag]! ? values[ends[bag]! - 1]! : missing);
  return { column: { kind: 'codes', values: ends.map(lastCode) }, ...defined({ index }) };
}
