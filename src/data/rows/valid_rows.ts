/** The good rows of every file, and the values of a column in them. */
import type { Texts } from '../../base/text/texts.ts';
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
  /** Row ids of events by ascending time, bad rows included; absent without a time, or where they are in that order. */
  readonly timeOrder?: Int32Array;
  /** The index in `parts` of each event's part, by row id, where the block names a file for each part. */
  readonly folds?: Uint8Array;
  readonly items?: ValidRawRows;
  readonly users?: ValidRawRows;
}

export function rowsWith(good: ValidRows, { column: { at } }: ColumnRequest): ValidRawRows {
  return good[at]!;
}

export function rawOf(good: ValidRows, column: ColumnRequest): RawColumn {
  return rowsWith(good, column).columns.get(column)!;
}

export function dictionaryOf({ dictionaries }: ValidRows, { dictionary }: ColumnRequest): Texts | undefined {
  return dictionary === undefined ? undefined : dictionaries.get(dictionary);
}
