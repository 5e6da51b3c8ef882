/**
 * What reads a format, and what readers share. Text is read by Tower alone. What the database reads is compared with the number of records
 * of the file.
 */
import { failure } from '../../../base/diagnostics/failure.ts';
import { type Copies, columnAsText, type Database, quoteName, type TextRowAppender } from '../duckdb.ts';
import type { BadRow, DescribedFile, FileColumn, InputFiles } from '../files.ts';
import type { Problem, Scanner } from '../records/csv.ts';
import { eachPiece, refuseHopeless, type ScanResult } from '../records/scan.ts';

export interface FileReader {
  /** Finds the columns. Rows are read later, from another database. @throws what is wrong with the file */
  open(file: DescribedFile, context: OpenContext): Promise<OpenedFile>;
  /** Returns the SQL by which the database reads a file; absent where Tower reads its text. */
  readonly relation?: (path: string) => string;
  /** Present where files that are too large for memory stay where they are: the database skips rows by their number in a file. */
  readonly inPlace?: {
    readonly rowNumber: string;
    /** @throws Failure where the file has another number of rows than it says */
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
   * Makes the table of the source's role from its first file, or adds file `at` to it. Throws what is wrong with the file, and Failure where
   * the sum of rows and broken records differs from the file's records.
   */
  load(input: LoadInput, at: number): Promise<{ readonly rows: number; readonly broken: readonly BadRow[] }>;
  /** Finds the lines of records again; absent where rows have none. */
  readonly scanner?: () => Scanner;
}

export const NUMBER_TEXT = 'text of a number';

/** A JSON value of any kind, read as the text in it. */
export const UNWRAPPED = 'JSON value';

export interface LoadInput {
  readonly database: Database;
  readonly source: InputFiles & { readonly columns: readonly FileColumn[] };
  readonly types: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal | undefined;
}

type RecordSink = Pick<TextRowAppender, 'set' | 'endRow'> & { reject(line: number, problem: Problem): void };

const kinds: Readonly<Record<string, string>> = { DATE: 'a time', TIMESTAMP: 'a time', BOOLEAN: 'true or false' };

/** The most rows, and pieces of a file, that wait in the database as texts before they become values. */
const [maxWaitingRows, maxWaitingPieces] = [2 * 122_880, 16];

/**
 * Reads a file of text once, to its end: the database gets each good record at once, and converts many at a time. A value that is not of
 * its column's type makes the record a bad row.
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
      broken.push({ role, file, at: { line: Number(line) }, column: name, reason });
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
      broken.push({ role, file, at: { line }, ...problem });
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
  return { rows, broken };
}

export async function columnsOfRelation(database: Database, relation: string): Promise<FileColumn[]> {
  // A name that begins with a byte order mark loses it on its way here, and would be that of another column.
  const columnRows = await database.rows(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${relation}) WHERE NOT starts_with(column_name, chr(65279))`,
  );
  const columns = columnRows.map((row) => ({ name: String(row.column_name), type: String(row.column_type) }));
  // No SQL can hold a zero byte, so nothing could name such a column.
  return columns.filter(({ name }) => !name.includes('\0'));
}

/** Returns a query of a file that says its types itself. `also`: what it selects besides the columns. */
export function selectFrom(
  relation: (path: string) => string,
  { source, types }: LoadInput,
  file: DescribedFile,
  ...also: readonly string[]
): string {
  const columns = new Map(source.columns.map((column) => [column.name, column]));
  const fileIndex = source.files.indexOf(file);
  // Where files disagree about a type, each is read as the type that holds them all: the table has the type of the first. Ids are texts then.
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
  // Row ids would not do: until they are committed, rows have others.
  return (await countOf(database, role)) - before;
}

export async function countOf(database: Database, relation: string): Promise<number> {
  const [countRow] = await database.rows(`SELECT count(*) AS rows FROM ${relation}`);
  return Number(countRow!.rows);
}

/** @throws Failure where not all records were read */
export function settleRows(file: DescribedFile, read: number, records: number): void {
  if (read !== records) throw failure('data-file-uncounted', { path: file.name, read, records }, file.described.span);
}
