/**
 * Loads one file into the table of its role. Text is read by Tower alone. JSON and Parquet, which the database reads, are compared with the
 * number of records of the file.
 */
import { Failure, failure } from '../../base/diagnostics/failure.ts';
import { csvShape } from '../files/csv.ts';
import { type Database, quoteName, quotePath, quoteText, type TextRowAppender } from '../files/duckdb.ts';
import type { BadRow, DescribedFile, Role } from '../files/files.ts';
import { CsvScanner, type Problem } from '../files/records/csv.ts';
import { LinesScanner, lineColumns } from '../files/records/lines.ts';
import { eachPiece, refuseHopeless, type ScanResult } from '../files/records/scan.ts';
import { type DataSource, unreadable } from '../files/source.ts';
import { columnAsText } from './staged_tables.ts';

export const NUMBER_TEXT = 'text of a number';

/** A JSON value of any kind, read as the text in it. */
export const UNWRAPPED = 'JSON value';

export interface LoadInput {
  readonly database: Database;
  readonly source: DataSource;
  readonly types: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal | undefined;
}

export interface LoadResult {
  readonly rows: number;
  readonly broken: readonly BadRow[];
}

/**
 * Makes the table of the source's role from its first file, or adds file `at` to it: `before` rows are there. Throws Failure for a damaged
 * file, and where the sum of rows and broken records differs from the file's records.
 */
export async function loadFile(input: LoadInput, at: number, before: number): Promise<LoadResult> {
  const file = input.source.files[at]!;
  const load = { csv: loadCsv, json: loadJson, parquet: loadParquet, lines: loadLines }[file.kind];
  try {
    const loaded = await load(input, file, at);
    // Rows are traced to their lines by their ids.
    const [lastRow] = await input.database.rows(`SELECT max(rowid) AS row FROM ${input.source.role}`);
    if (loaded.rows > 0) settleRows(file, Number(lastRow!.row) + 1 - before, loaded.rows);
    return loaded;
  } catch (error) {
    input.database.passOn(error);
    throw new Failure([unreadable(error, file)]);
  }
}

interface RecordSink extends Pick<TextRowAppender, 'set' | 'endRow'> {
  reject(line: number, problem: Problem): void;
}

type TakePiece = (bytes: Buffer, final: boolean) => number;

function loadCsv(loading: LoadInput, file: DescribedFile, at: number): Promise<LoadResult> {
  const csvLayout = loading.source.looks.get(file.path)!;
  const scanner = new CsvScanner(csvShape(csvLayout));
  const headerNames = csvLayout.columns.map(({ name }) => name.toLowerCase());
  const columnIndexes = [...loading.types.keys()].map((name) => headerNames.indexOf(name.toLowerCase()));
  return loadTexts(loading, file, at, (records) => {
    const setters = columnIndexes.map(
      (_, column) => (text: Buffer, from: number, to: number) => records.set(column, text, from, to),
    );
    return (bytes, final) =>
      scanner.take(bytes, final, (line, _from, _to, problem) => {
        if (problem !== undefined) return records.reject(line, problem);
        for (let column = 0; column < columnIndexes.length; column++)
          scanner.value(bytes, columnIndexes[column]!, setters[column]!);
        records.endRow(line);
      });
  });
}

/** Each item of a line is a record. */
function loadLines(loading: LoadInput, file: DescribedFile, at: number): Promise<LoadResult> {
  const scanner = new LinesScanner();
  const columnIndexes = [...loading.types.keys()].map((name) =>
    lineColumns.findIndex((column) => column.name === name),
  );
  return loadTexts(
    loading,
    file,
    at,
    (records) => (bytes, final) =>
      scanner.read(
        bytes,
        final,
        (line, from, to, items) => {
          for (const [itemIndex, [start, end]] of items.entries()) {
            const position = Buffer.from(String(itemIndex + 1));
            for (const [column, lineColumn] of columnIndexes.entries()) {
              if (lineColumn === 2) records.set(column, position, 0, position.length);
              else records.set(column, bytes, lineColumn === 0 ? from : start, lineColumn === 0 ? to : end);
            }
            records.endRow(line);
          }
        },
        (line, _from, _to, problem) => records.reject(line, problem!),
      ),
  );
}

/** The most rows, and pieces of a file, that wait in the database as texts before they become values. */
const [maxWaitingRows, maxWaitingPieces] = [2 * 122_880, 16];

/**
 * Reads a file of text once, to its end: the database gets each good record at once, and converts many at a time. A value that is not of
 * its column's type makes the record a bad row.
 */
async function loadTexts(
  { database, source, types, signal }: LoadInput,
  file: DescribedFile,
  at: number,
  take: (records: RecordSink) => TakePiece,
): Promise<LoadResult> {
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
      broken.push({
        role,
        file,
        at: { line: Number(line) },
        column: name,
        reason: `"${value}" is not ${kindOf(type)}`,
      });
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

function kindOf(type: string): string {
  if (type === 'DATE' || type === 'TIMESTAMP') return 'a time';
  return type === 'BOOLEAN' ? 'true or false' : 'a number';
}

async function loadJson(loading: LoadInput, file: DescribedFile, at: number): Promise<LoadResult> {
  const { source, types } = loading;
  const { scan, from } = source.jsons.get(file.path)!;
  const names = [...types.keys()];
  const isUnwrapped = (name: string): boolean => types.get(name) === UNWRAPPED;
  const selectedColumns = names.map((name) =>
    isUnwrapped(name) ? `${quoteName(name)} ->> '$' AS ${quoteName(name)}` : quoteName(name),
  );
  const typeOf = (name: string): string => {
    const type = types.get(name)!;
    return type === UNWRAPPED ? 'JSON' : type === NUMBER_TEXT ? 'VARCHAR' : type;
  };
  const columns = names.map((name) => `${quoteText(name)}: ${quoteText(typeOf(name))}`);
  const ignore = from.format === 'newline_delimited' ? ', ignore_errors = true' : '';
  const selectSql = `SELECT ${selectedColumns.join(', ')} FROM read_json([${quotePath(from.path)}], format = '${from.format}', columns = {${columns.join(', ')}}${ignore}, hive_partitioning = false)`;
  const loadedRows = await insert(loading, at, selectSql);
  settleRows(file, loadedRows, scan.good);
  return { rows: loadedRows, broken: misshapen(scan, source.role, file) };
}

async function loadParquet(loading: LoadInput, file: DescribedFile, at: number): Promise<LoadResult> {
  const loadedRows = await insert(loading, at, selectParquet(loading, file));
  settleRows(file, loadedRows, await recordsOfParquet(loading.database, file));
  return { rows: loadedRows, broken: [] };
}

/** @param also selected besides the columns */
export function selectParquet({ source, types }: LoadInput, file: DescribedFile, ...also: readonly string[]): string {
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
  const quotedPath = quotePath(file.path);
  return `SELECT ${[...selectedColumns, ...also].join(', ')} FROM read_parquet([${quotedPath}], hive_partitioning = false)`;
}

/** Returns the row count in a file's metadata. @throws Failure where its row groups have another */
export async function recordsOfParquet(database: Database, file: DescribedFile): Promise<number> {
  const quotedPath = quotePath(file.path);
  const [metadata] = await database.rows(
    `SELECT num_rows AS rows, (SELECT coalesce(sum(of_group), 0) FROM
       (SELECT any_value(row_group_num_rows) AS of_group FROM parquet_metadata([${quotedPath}]) GROUP BY row_group_id)) AS in_groups
     FROM parquet_file_metadata([${quotedPath}])`,
  );
  settleRows(file, Number(metadata!.in_groups), Number(metadata!.rows));
  return Number(metadata!.rows);
}

async function insert({ database, source }: LoadInput, at: number, select: string): Promise<number> {
  const { role } = source;
  const before = at === 0 ? 0 : await countOf(database, role);
  await database.run(at === 0 ? `CREATE OR REPLACE TEMP TABLE ${role} AS ${select}` : `INSERT INTO ${role} ${select}`);
  return (await countOf(database, role)) - before;
}

/** Counts rows. Row ids would not do: until they are committed, rows have others. */
async function countOf(database: Database, role: Role): Promise<number> {
  const [countRow] = await database.rows(`SELECT count(*) AS rows FROM ${role}`);
  return Number(countRow!.rows);
}

/** @throws Failure where not all records were read */
export function settleRows(file: DescribedFile, read: number, records: number): void {
  if (read !== records) throw failure('data-file-uncounted', { path: file.name, read, records }, file.described.span);
}

function misshapen({ bad }: ScanResult, role: Role, file: DescribedFile): BadRow[] {
  return bad.map(({ line, problem }) => ({ role, file, at: { line }, ...problem }));
}
