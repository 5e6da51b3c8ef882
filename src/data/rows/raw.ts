/** Rows of a role once the database has them, and their columns by row id: codes of a dictionary and numbers, in typed arrays. */
import type { Texts } from '../../base/text/texts.ts';
import type { ColumnRequest } from '../binding/layout.ts';
import type { BadRow, DescribedFile } from '../files/files.ts';
import type { DataSource } from '../files/source.ts';

/** Codes of a dictionary: 0 is missing. */
export interface RawCodes {
  readonly kind: 'codes';
  readonly values: Int32Array;
}

/** `width` numbers a row; NaN is missing. `bad` lists rows with other values than finite numbers. */
export interface RawNumbers {
  readonly kind: 'numbers';
  readonly width: number;
  readonly values: Float64Array;
  readonly bad: number[];
  /** Rows with NaN, where they are not among the bad ones. */
  readonly nan?: number[];
}

/** `values[starts[i] … ends[i])`, missing elements left out. */
export interface RawBags {
  readonly kind: 'bags';
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly values: Int32Array | Float64Array;
  readonly bad: number[];
}

export type RawColumn = RawCodes | RawNumbers | RawBags;

export function bagSpans(lengths: Int32Array): Pick<RawBags, 'kind' | 'starts' | 'ends'> {
  const starts = new Int32Array(lengths.length);
  const ends = new Int32Array(lengths.length);
  let lastEnd = 0;
  for (let i = 0; i < lengths.length; i++) {
    starts[i] = lastEnd;
    ends[i] = lastEnd += lengths[i]!;
  }
  return { kind: 'bags', starts, ends };
}

export interface ValidRawRows extends RawRows {
  /** 1 where the row is good. */
  readonly kept: Uint8Array;
}

export interface ValidRows {
  readonly dictionaries: Dictionaries;
  readonly events: ValidRawRows;
  /** The index in `parts` of each event's part, by row id, where the block names a file for each part. */
  readonly folds?: Uint8Array;
  readonly items?: ValidRawRows;
  readonly users?: ValidRawRows;
}

export function rawOf(good: ValidRows, request: ColumnRequest): RawColumn {
  return good[request.column.at]!.columns.get(request)!;
}

export function dictionaryOf({ dictionaries }: ValidRows, { dictionary }: ColumnRequest): Texts | undefined {
  return dictionary === undefined ? undefined : dictionaries.get(dictionary);
}

/** The values of each dictionary; a code is an index in it, and 0 is the empty text, which represents a missing value. */
export type Dictionaries = ReadonlyMap<string, Texts>;

export interface RawRows {
  /** Row ids run from 0 to this, or as many from `first` on. */
  readonly rows: number;
  /** The row id of the first; all arrays are of rows from it on. Default: 0. */
  readonly first?: number;
  /** 1 for a row that is staged, and passed by `where`. */
  readonly present: Uint8Array;
  readonly columns: ReadonlyMap<ColumnRequest, RawColumn>;
}

export interface Staged {
  readonly source: DataSource;
  /** In the order of row ids. */
  readonly files: readonly StagedFile[];
  /** Rows of the table, deleted ones included: every row id is below. */
  readonly rows: number;
  /** Records that are no rows of the table, and JSON objects without a value. */
  readonly broken: readonly BadRow[];
}

export interface RowRange {
  readonly first: number;
  readonly count: number;
}

export interface StagedTable extends Staged {
  /** Set where the table is a view over the files, which are read again with each query. */
  readonly inPlace?: InPlace;
  /** Deletes rows from the table. The others keep their ids. */
  leaveOut(ids: readonly number[]): Promise<void>;
}

export interface StagedFile {
  readonly file: DescribedFile;
  /** Row id of its first row. */
  readonly first: number;
  readonly rows: number;
}

interface InPlace {
  /** The number of rows that a query may group in the database's memory. */
  readonly atOnce: number;
  /** Restricts the view to these rows, so that queries read no others, or resets it. */
  focus(range?: RowRange): Promise<void>;
}
