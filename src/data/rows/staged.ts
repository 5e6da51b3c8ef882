/** What is known of the rows of a role once the database has them. */
import type { BadRow } from '../files/bad_row.ts';
import type { DescribedFile } from '../files/files.ts';
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

/** Some row ids of a role, one after the other. */
export interface RowRange {
  readonly first: number;
  readonly count: number;
}

/** The same, and the table that the rows are in. */
export interface StagedTable extends Staged {
  /** Present where the table is a view over the files, which are read again with each query. */
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
  /** How many rows a query may bring together in the database's memory. */
  readonly atOnce: number;
  /** From here on the view has these rows alone, and its queries read no others; or it has all again. */
  focus(range?: RowRange): Promise<void>;
}
