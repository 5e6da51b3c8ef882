/** The rows of a role once the database has them. */
import type { BadRow, DescribedFile } from '../files/files.ts';
import type { DataSource } from '../files/source.ts';

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
