/** The good rows of every file, and where the values of a column are among them. */

import type { WantedColumn } from '../binding/column_requests.ts';
import type { RawColumn } from './raw.ts';
import type { Dictionaries, RawRows } from './staged_tables.ts';

export interface GoodRows extends RawRows {
  /** 1 where the row is good. */
  readonly kept: Uint8Array;
}

export interface Good {
  readonly dictionaries: Dictionaries;
  readonly events: GoodRows;
  /** Row ids of events by ascending time, bad rows among them; without a time, or where they are in that order, absent. */
  readonly timeOrder?: Int32Array;
  readonly items?: GoodRows;
  readonly users?: GoodRows;
}

/** The rows of the file that a column is read from. */
export function rowsWith(good: Good, { column: { at } }: WantedColumn): GoodRows {
  return good[at]!;
}

export function rawOf(good: Good, column: WantedColumn): RawColumn {
  return rowsWith(good, column).columns.get(column)!;
}

/** The texts that its codes stand for; a column of numbers has none. */
export function dictionaryOf({ dictionaries }: Good, { dictionary }: WantedColumn): readonly string[] | undefined {
  return dictionary === undefined ? undefined : dictionaries.get(dictionary);
}
