/** The good rows of every file, and where the values of a column are among them. */

import type { Texts } from '../../text/texts.ts';
import type { ColumnRequest } from '../binding/column_requests.ts';
import type { Dictionaries } from './dictionaries.ts';
import type { RawColumn } from './raw.ts';
import type { RawRows } from './staged_tables.ts';

export interface ValidRawRows extends RawRows {
  /** 1 where the row is good. */
  readonly kept: Uint8Array;
}

export interface ValidRows {
  readonly dictionaries: Dictionaries;
  readonly events: ValidRawRows;
  /** Row ids of events by ascending time, bad rows among them; without a time, or where they are in that order, absent. */
  readonly timeOrder?: Int32Array;
  /** Where the block names a file for each part: the place of each event's part in `parts`, by row id. */
  readonly folds?: Uint8Array;
  readonly items?: ValidRawRows;
  readonly users?: ValidRawRows;
}

/** The rows of the file that a column is read from. */
export function rowsWith(good: ValidRows, { column: { at } }: ColumnRequest): ValidRawRows {
  return good[at]!;
}

export function rawOf(good: ValidRows, column: ColumnRequest): RawColumn {
  return rowsWith(good, column).columns.get(column)!;
}

/** The texts that its codes represent; a column of numbers has none. */
export function dictionaryOf({ dictionaries }: ValidRows, { dictionary }: ColumnRequest): Texts | undefined {
  return dictionary === undefined ? undefined : dictionaries.get(dictionary);
}
