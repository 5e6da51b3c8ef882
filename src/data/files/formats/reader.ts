/**
 * Defines the reader of a format, and functions that readers share. Tower itself parses text; the number of rows that the database reads is compared with the
 * number of records in the file.
 */

import { failure } from '../../../base/diagnostics/diagnostic.ts';
import { quoteName } from '../../../base/text/sql.ts';
import type { Scanner } from '../../csv/csv_records.ts';
import { type Copies, castToText, type Database } from '../duckdb.ts';
import type { BadRow, DescribedFile, FileColumn, InputFiles } from '../find_files.ts';

export interface FileReader {
  /** Finds the columns. Rows are loaded later, with another database. @throws an error of the file */
  open(file: DescribedFile, context: OpenContext): Promise<OpenedFile>;
  /** Returns the SQL with which the database reads a file. Absent if Tower parses its text. */
  readonly relation?: (path: string) => string;
  /** Present if files that exceed the memory can be read repeatedly from where they are: the database selects rows by their number in a file. */
  readonly inPlace?: {
    readonly rowNumber: string;
    /** @throws Failure if the number of rows differs from the file's metadata */
    count(database: Database, file: DescribedFile): Promise<number>;
    select(input: LoadInput, file: DescribedFile, ...also: readonly string[]): string;
  };
}

interface OpenContext {
  readonly database: Database;
  readonly copies: Copies;
  readonly signal?: AbortSignal | undefined;
}

export interface OpenedFile {
  readonly columns: readonly FileColumn[];
  /**
   * Makes the table of the source's role from its first file, or adds a later file to it. Throws the errors of the file, and a Failure if the sum of rows and
   * broken records differs from the number of records.
   */
  load(
    input: LoadInput,
    fileIndex: number,
  ): Promise<{ readonly rows: number; readonly broken: readonly BadRow[]; readonly skippedLines?: readonly number[] }>;
  /** Finds the lines of records again. Absent if rows have no lines. */
  readonly scanner?: () => Scanner;
}

export interface LoadInput {
  readonly database: Database;
  readonly source: InputFiles & { readonly columns: readonly FileColumn[] };
  readonly types: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal | undefined;
}

export async function columnsOfRelation(database: Database, relation: string): Promise<FileColumn[]> {
  // A name that starts with a byte order mark would lose it here, and could then equal the name of another column.
  const columnRows = await database.rows(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${relation}) WHERE NOT starts_with(column_name, chr(65279))`,
  );
  const columns = columnRows.map((row) => ({ name: String(row.column_name), type: String(row.column_type) }));
  // SQL cannot contain a zero byte, so no expression can name such a column.
  return columns.filter(({ name }) => !name.includes('\0'));
}

/** Returns a query of a file that declares its own types. `also`: further expressions to select. */
export function selectFrom(
  relation: (path: string) => string,
  { source, types }: LoadInput,
  file: DescribedFile,
  ...also: readonly string[]
): string {
  const columns = new Map(source.columns.map((column) => [column.name, column]));
  const fileIndex = source.files.indexOf(file);
  // If the types of files differ, each column is cast to the type that holds all values, because the table has a single type. Keys are then texts.
  const selectedColumns = [...types].map(([name, readType]) => {
    const { type, types: typesByFile } = columns.get(name)!;
    const column = quoteName(name);
    if (typesByFile !== undefined && readType === 'VARCHAR')
      return `${castToText(column, typesByFile[fileIndex]!)} AS ${column}`;
    return `CAST(${column} AS ${type}) AS ${column}`;
  });
  return `SELECT ${[...selectedColumns, ...also].join(', ')} FROM ${relation(file.path)}`;
}

export async function insert({ database, source }: LoadInput, fileIndex: number, select: string): Promise<number> {
  const { role } = source;
  const before = fileIndex === 0 ? 0 : await countOf(database, role);
  await database.run(
    fileIndex === 0 ? `CREATE OR REPLACE TEMP TABLE ${role} AS ${select}` : `INSERT INTO ${role} ${select}`,
  );
  // Row ids cannot be counted instead, because uncommitted rows have other ids.
  return (await countOf(database, role)) - before;
}

export async function countOf(database: Database, relation: string): Promise<number> {
  const [countRow] = await database.rows(`SELECT count(*) AS rows FROM ${relation}`);
  return Number(countRow!.rows);
}

/** @throws Failure if not all records were read */
export function settleRows(file: DescribedFile, rowsRead: number, records: number): void {
  if (rowsRead !== records)
    throw failure('data-file-uncounted', { path: file.name, read: rowsRead, records }, file.described.span);
}
