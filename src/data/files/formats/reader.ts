/**
 * Defines the reader of a format, and functions that readers share. Tower itself parses text; the number of rows that the database reads is compared with the
 * number of records in the file.
 */
import { failure } from '../../../base/diagnostics/failure.ts';
import type { Problem, Scanner } from '../../csv/csv_records.ts';
import { type Copies, columnAsText, type Database, quoteName, type TextRowAppender } from '../duckdb.ts';
import { addBadRow, type BadRow, type DescribedFile, type FileColumn, type InputFiles } from '../find_files.ts';
import { eachPiece, refuseHopeless, type ScanResult } from '../records/scan_file.ts';

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
   * Makes the table of the source's role from its first file, or adds file `at` to it. Throws the errors of the file, and a Failure if the sum of rows and
   * broken records differs from the number of records.
   */
  load(
    input: LoadInput,
    at: number,
  ): Promise<{ readonly rows: number; readonly broken: readonly BadRow[]; readonly skippedLines?: readonly number[] }>;
  /** Finds the lines of records again. Absent if rows have no lines. */
  readonly scanner?: () => Scanner;
}

export const NUMBER_TEXT = 'text of a number';

/** A JSON value of any type, read as the text in it. */
export const UNWRAPPED = 'JSON value';

export interface LoadInput {
  readonly database: Database;
  readonly source: InputFiles & { readonly columns: readonly FileColumn[] };
  readonly types: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal | undefined;
}

type RecordSink = Pick<TextRowAppender, 'set' | 'endRow'> & { reject(line: number, problem: Problem): void };

const kinds: Readonly<Record<string, string>> = { DATE: 'a time', TIMESTAMP: 'a time', BOOLEAN: 'true or false' };

/** Maximum number of rows, and of pieces of a file, that wait as texts in the database before they are converted. */
const [maxWaitingRows, maxWaitingPieces] = [2 * 122_880, 16];

/**
 * Reads a text file once: the good records go to the database, which converts many at a time. A value that cannot be converted to the type of its column makes
 * its record a bad row.
 */
export async function loadTexts(
  { database, source, types, signal }: LoadInput,
  file: DescribedFile,
  at: number,
  take: (records: RecordSink) => (bytes: Buffer, final: boolean) => number,
): ReturnType<OpenedFile['load']> {
  const { role } = source;
  const columns = [...types].map(([name, readType], index) => {
    const textColumn = `c${index}`;
    if (readType === 'VARCHAR') return { name, type: readType, value: textColumn, isBad: 'false' };
    const [type, cast] = readType === NUMBER_TEXT ? ['VARCHAR', 'DOUBLE'] : [readType, readType];
    const number = `TRY_CAST(${textColumn} AS ${cast})`;
    const value = readType === NUMBER_TEXT ? `trim(${textColumn})` : number;
    return { name, type, value, isBad: `(${number} IS NULL AND ${textColumn} IS NOT NULL)` };
  });
  if (at === 0) {
    const columnDefinitions = columns.map(({ name, type }) => `${quoteName(name)} ${type}`).join(', ');
    await database.run(`CREATE OR REPLACE TEMP TABLE ${role} (${columnDefinitions})`);
  }
  const textTable = quoteName(`texts of ${role}`);
  const isBad = columns.map((column) => column.isBad).join(' OR ');
  const openAppender = () => database.appendTexts(`texts of ${role}`, columns.length);
  const broken: BadRow[] = [];
  const skippedLines: number[] = [];
  let [rows, waiting, pieces, misshapen] = [0, 0, 0, 0];
  let firstProblem: ScanResult['bad'][number] | undefined;
  let appender = await openAppender();
  const makeValues = async (): Promise<void> => {
    appender.close();
    const badColumn = columns.map((column, index) => `WHEN ${column.isBad} THEN ${index}`).join(' ');
    const badValue = columns.map((_, index) => `WHEN ${index} THEN c${index}`).join(' ');
    const badRows = await database.rows(
      `SELECT line, place, CASE place ${badValue} END AS value FROM (SELECT *, CASE ${badColumn} END AS place FROM ${textTable} WHERE ${isBad})`,
    );
    for (const { line, place, value } of badRows) {
      const { name, type } = columns[Number(place)]!;
      const reason = `"${value}" is not ${kinds[type] ?? 'a number'}`;
      addBadRow(broken, { role, file, at: { line: Number(line) }, column: name, reason });
      skippedLines.push(Number(line));
    }
    const valuesSql = columns.map((column) => column.value).join(', ');
    await database.run(`INSERT INTO ${role} SELECT ${valuesSql} FROM ${textTable} WHERE NOT (${isBad})`);
    rows += waiting - badRows.length;
    waiting = pieces = 0;
  };
  const records: RecordSink = {
    set: (column, bytes, from, to) => appender.set(column, bytes, from, to),
    endRow(line) {
      waiting++;
      appender.endRow(line);
    },
    reject(line, problem) {
      addBadRow(broken, { role, file, at: { line }, ...problem });
      firstProblem ??= { line, problem };
      refuseHopeless(++misshapen, rows + waiting, firstProblem);
    },
  };
  await eachPiece(file, take(records), signal, async () => {
    appender.flush();
    if (waiting < maxWaitingRows && ++pieces < maxWaitingPieces) return;
    await makeValues();
    appender = await openAppender();
  });
  await makeValues();
  await database.run(`DROP TABLE ${textTable}`);
  return { rows, broken, skippedLines };
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
      return `${columnAsText(column, typesByFile[fileIndex]!)} AS ${column}`;
    return `CAST(${column} AS ${type}) AS ${column}`;
  });
  return `SELECT ${[...selectedColumns, ...also].join(', ')} FROM ${relation(file.path)}`;
}

export async function insert({ database, source }: LoadInput, at: number, select: string): Promise<number> {
  const { role } = source;
  const before = at === 0 ? 0 : await countOf(database, role);
  await database.run(at === 0 ? `CREATE OR REPLACE TEMP TABLE ${role} AS ${select}` : `INSERT INTO ${role} ${select}`);
  // Row ids cannot be counted instead, because uncommitted rows have other ids.
  return (await countOf(database, role)) - before;
}

export async function countOf(database: Database, relation: string): Promise<number> {
  const [countRow] = await database.rows(`SELECT count(*) AS rows FROM ${relation}`);
  return Number(countRow!.rows);
}

/** @throws Failure if not all records were read */
export function settleRows(file: DescribedFile, read: number, records: number): void {
  if (read !== records) throw failure('data-file-uncounted', { path: file.name, read, records }, file.described.span);
}
