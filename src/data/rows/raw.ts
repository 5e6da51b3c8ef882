/** Defines the rows of a role after the database has read them: columns by row id, as typed arrays of dictionary codes and of numbers. */
import type { Texts } from '../../base/text/texts.ts';
import type { ColumnRequest } from '../binding/data_layout.ts';
import type { DataSource } from '../files/data_source.ts';
import type { BadRow, DescribedFile } from '../files/find_files.ts';

/** Codes of a dictionary; 0 is a missing value. */
export interface RawCodes {
  readonly kind: 'codes';
  readonly values: Int32Array;
}

/** `width` numbers for each row; NaN is a missing value. `bad` lists rows with values that are not finite numbers. */
export interface RawNumbers {
  readonly kind: 'numbers';
  readonly width: number;
  readonly values: Float64Array;
  readonly bad: number[];
  /** Rows with NaN, if they are not listed in `bad`. */
  readonly nan?: number[];
}

/** Row i has `values[starts[i] … ends[i])`, without missing elements. */
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
  /** 1 for each valid row. */
  readonly kept: Uint8Array;
}

export interface ValidRows {
  readonly dictionaries: Dictionaries;
  readonly events: ValidRawRows;
  /** The part of each event as an index in `parts`, by row id. Present if the block names a file for each part. */
  readonly folds?: Uint8Array;
  readonly items?: ValidRawRows;
  readonly users?: ValidRawRows;
}

export const rawOf = (good: ValidRows, request: ColumnRequest): RawColumn =>
  good[request.column.role]!.columns.get(request)!;

export const dictionaryOf = ({ dictionaries }: ValidRows, { dictionary }: ColumnRequest): Texts | undefined =>
  dictionary === undefined ? undefined : dictionaries.get(dictionary);

/** The texts of each dictionary. A code is an index; code 0 is the empty text and stands for a missing value. */
export type Dictionaries = ReadonlyMap<string, Texts>;

export interface RawRows {
  /** Number of rows. Row ids start at `first`. */
  readonly rows: number;
  /** The row id at index 0 of all arrays. Default: 0. */
  readonly first?: number;
  /** 1 for each staged row that `where` does not exclude. */
  readonly present: Uint8Array;
  readonly columns: ReadonlyMap<ColumnRequest, RawColumn>;
}

export interface Staged {
  readonly source: DataSource;
  /** In the order of row ids. */
  readonly files: readonly StagedFile[];
  /** Number of rows of the table, including deleted ones. Every row id is smaller. */
  readonly rows: number;
  /** Records that are not rows of the table, and JSON objects without a value. */
  readonly broken: readonly BadRow[];
}

export interface RowRange {
  readonly first: number;
  readonly count: number;
}

export interface StagedTable extends Staged {
  /** Set if the table is a view of the files, which each query reads again. */
  readonly inPlace?: InPlace;
  /** Deletes rows from the table. The other rows keep their ids. */
  leaveOut(ids: Int32Array): Promise<void>;
}

export interface StagedFile {
  readonly file: DescribedFile;
  /** Row id of its first row. */
  readonly first: number;
  readonly rows: number;
  /** Lines of records that are complete, but not rows, because a value has the wrong type. */
  readonly skippedLines?: readonly number[];
}

interface InPlace {
  /** Maximum number of rows that a query may group in the database's memory. */
  readonly atOnce: number;
  /** Restricts the view to these rows, so that queries read no others; without a range, resets it. */
  focus(range?: RowRange): Promise<void>;
}
