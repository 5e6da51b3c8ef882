/** Loads one file into the table of its role, and holds what the database read against Tower's own account of the file. */
import { rmSync } from 'node:fs';
import { defined } from '../../defined.ts';
import { Failure, failure } from '../../diagnostics/failure.ts';
import type { BadRow } from '../files/bad_row.ts';
import { writing } from '../files/copies.ts';
import { type CsvLook, shapeOf } from '../files/csv.ts';
import { type Database, quoteName, quotePath, quoteText } from '../files/duckdb.ts';
import type { DescribedFile, Role } from '../files/files.ts';
import { CsvScanner } from '../files/records/csv.ts';
import { copyLines, LinesScanner, lineColumns } from '../files/records/lines.ts';
import { copyGood, type Scan, scanFile } from '../files/records/scan.ts';
import { type DataSource, unreadable } from '../files/source.ts';

/** A JSON value of any kind, read as the text in it. */
export const UNWRAPPED = 'JSON value';

/** What to load, and how. */
export interface Loading {
  readonly database: Database;
  readonly source: DataSource;
  /** The columns to keep, and what to read each as. */
  readonly types: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal | undefined;
}

export interface Loaded {
  /** Rows that the table has more now. */
  readonly rows: number;
  /** Records that became no row. */
  readonly broken: readonly BadRow[];
  /** Whether the database read a copy of the good records. */
  readonly copied: boolean;
}

/**
 * Makes the table of the source's role from its first file, or adds file `at` to it: `before` rows are there. Throws Failure for a
 * damaged file, and where rows and broken records are not as many as the file has records.
 */
export async function loadFile(loading: Loading, at: number, before: number): Promise<Loaded> {
  const file = loading.source.files[at]!;
  const load = { csv: loadCsv, json: loadJson, parquet: loadParquet, lines: loadLines }[file.kind];
  try {
    const loaded = await load(loading, file, at);
    // Rows are traced to their lines by their ids.
    const [last] = await loading.database.rows(`SELECT max(rowid) AS row FROM ${loading.source.role}`);
    if (loaded.rows > 0) settleRows(file, Number(last!.row) + 1 - before, loaded.rows);
    return loaded;
  } catch (error) {
    loading.database.passOn(error);
    throw new Failure([unreadable(error, file)]);
  }
}

/**
 * The database reads the file while its records are counted, and stops at the first value that is not of its column's type. If all
 * records are good but for their values, it reads the file again; otherwise, and where it comes to another number, a copy of the
 * good ones.
 */
async function loadCsv(loading: Loading, file: DescribedFile, at: number): Promise<Loaded> {
  const { database, source, signal } = loading;
  const { role } = source;
  const look = source.looks.get(file.path)!;
  const scanner = () => new CsvScanner(shapeOf(look));
  const counting = scanFile(file, scanner(), signal);
  // Its failure is reported once the reading has ended.
  counting.catch(() => undefined);
  /** Keeps what was read where it is all of the good records. */
  const attempt = async (path: string, copied: boolean, rejects?: string) => {
    await database.run('BEGIN TRANSACTION');
    const newline = copied ? undefined : look.newline;
    let problem: unknown;
    const reading = insert(loading, at, selectCsv(loading, path, look, rejects, newline))
      .then(async (rows) => ({
        rows,
        broken: rejects === undefined ? [] : await brokenRecords(loading, file, rejects),
      }))
      .catch((error: unknown) => {
        problem = error;
        return { rows: 0, broken: [] };
      });
    const { good, plain } = await counting.finally(() => reading);
    const read = await reading;
    if (problem !== undefined) database.passOn(problem);
    const trusted = problem === undefined && (copied || (plain && read.broken.every(isValue)));
    const all = trusted && read.rows + read.broken.length === good;
    await database.run(all ? 'COMMIT' : 'ROLLBACK');
    return { ...read, copied, all, problem };
  };

  const first = await attempt(file.path, false);
  if (first.all) return first;
  const scan = await counting;
  const rejects = `rejects_${role}_${at}`;
  if (scan.plain) {
    const second = await attempt(file.path, false, rejects);
    if (second.all) return second;
  }
  const copy = source.copies.of(file.path);
  await writing(copy, () => copyGood(file, scanner(), copy, signal));
  const last = await attempt(copy, true, `${rejects}_copy`);
  rmSync(copy, { force: true });
  if (last.problem !== undefined) throw last.problem;
  settleRows(file, last.rows + last.broken.length, scan.good);
  return { ...last, broken: [...misshapen(scan, role, file), ...last.broken] };
}

async function loadJson(loading: Loading, file: DescribedFile, at: number): Promise<Loaded> {
  const { source, types } = loading;
  const { scan, from } = source.jsons.get(file.path)!;
  const names = [...types.keys()];
  const unwrapped = (name: string): boolean => types.get(name) === UNWRAPPED;
  const selected = names.map((name) =>
    unwrapped(name) ? `${quoteName(name)} ->> '$' AS ${quoteName(name)}` : quoteName(name),
  );
  const columns = names.map((name) => `${quoteText(name)}: ${quoteText(unwrapped(name) ? 'JSON' : types.get(name)!)}`);
  const ignore = from.format === 'newline_delimited' ? ', ignore_errors = true' : '';
  const select = `SELECT ${selected.join(', ')} FROM read_json([${quotePath(from.path)}], format = '${from.format}', columns = {${columns.join(', ')}}${ignore}, hive_partitioning = false)`;
  const rows = await insert(loading, at, select);
  settleRows(file, rows, scan.good);
  return { rows, broken: misshapen(scan, source.role, file), copied: from.path !== file.path };
}

/** The database reads a copy with a row for each item. */
async function loadLines(loading: Loading, file: DescribedFile, at: number): Promise<Loaded> {
  const { source, types, signal } = loading;
  const scan = await scanFile(file, new LinesScanner(), signal);
  const copy = source.copies.of(file.path);
  await writing(copy, () => copyLines(file, copy, signal));
  const columns = lineColumns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`);
  const selected = [...types].map(([name, type]) => `CAST(${quoteName(name)} AS ${type}) AS ${quoteName(name)}`);
  const rows = await insert(
    loading,
    at,
    `SELECT ${selected.join(', ')} FROM read_csv([${quotePath(copy)}], columns = {${columns.join(', ')}}, auto_detect = false, header = false, new_line = '\\n', delim = '\t', quote = '', escape = '', max_line_size = 40000000, hive_partitioning = false)`,
  );
  rmSync(copy, { force: true });
  settleRows(file, rows, scan.good);
  return { rows, broken: misshapen(scan, source.role, file), copied: true };
}

async function loadParquet(loading: Loading, file: DescribedFile, at: number): Promise<Loaded> {
  const rows = await insert(loading, at, selectParquet(loading, file));
  settleRows(file, rows, await recordsOfParquet(loading.database, file));
  return { rows, broken: [], copied: false };
}

/** @param also what is selected besides the columns */
export function selectParquet({ source, types }: Loading, file: DescribedFile, ...also: readonly string[]): string {
  const typeOf = new Map(source.columns.map(({ name, type }) => [name, type]));
  // Where files disagree about a type, each is read as what holds them all: the table has the type of the first.
  const selected = [...types.keys()].map((name) => {
    const [column, type] = [quoteName(name), typeOf.get(name)!];
    return `CAST(${column} AS ${type}) AS ${column}`;
  });
  const path = quotePath(file.path);
  return `SELECT ${[...selected, ...also].join(', ')} FROM read_parquet([${path}], hive_partitioning = false)`;
}

/** The rows that a file says that it has. @throws Failure where its row groups have others */
export async function recordsOfParquet(database: Database, file: DescribedFile): Promise<number> {
  const path = quotePath(file.path);
  const [said] = await database.rows(
    `SELECT num_rows AS rows, (SELECT coalesce(sum(of_group), 0) FROM
       (SELECT any_value(row_group_num_rows) AS of_group FROM parquet_metadata([${path}]) GROUP BY row_group_id)) AS in_groups
     FROM parquet_file_metadata([${path}])`,
  );
  settleRows(file, Number(said!.in_groups), Number(said!.rows));
  return Number(said!.rows);
}

/** Answers how many rows there are more. */
async function insert({ database, source }: Loading, at: number, select: string): Promise<number> {
  const { role } = source;
  const before = at === 0 ? 0 : await countOf(database, role);
  await database.run(at === 0 ? `CREATE OR REPLACE TEMP TABLE ${role} AS ${select}` : `INSERT INTO ${role} ${select}`);
  return (await countOf(database, role)) - before;
}

/** Row ids would not do: until they are committed, rows have others. */
async function countOf(database: Database, role: Role): Promise<number> {
  const [counted] = await database.rows(`SELECT count(*) AS rows FROM ${role}`);
  return Number(counted!.rows);
}

/** @throws Failure where not all records were read */
export function settleRows(file: DescribedFile, read: number, records: number): void {
  if (read !== records) throw failure('data-file-uncounted', { path: file.name, read, records }, file.described.span);
}

function misshapen({ bad }: Scan, role: Role, file: DescribedFile): BadRow[] {
  return bad.map(({ line, problem }) => ({ role, file, at: { line }, ...problem }));
}

/**
 * `rejects`: where the database puts values that are not of their type; without it the first ends the query. `newline`: what ends the
 * lines of a file with a header. The copy has none, and ends them in line feeds.
 */
function selectCsv(
  { types }: Loading,
  path: string,
  look: CsvLook,
  rejects: string | undefined,
  newline: string | undefined,
): string {
  const typeOf = new Map([...types].map(([name, type]) => [name.toLowerCase(), type]));
  const columns = look.columns.map(
    ({ name }) => `${quoteText(name)}: ${quoteText(typeOf.get(name.toLowerCase()) ?? 'VARCHAR')}`,
  );
  const options = [
    `columns = {${columns.join(', ')}}`,
    'auto_detect = false',
    'hive_partitioning = false',
    `header = ${newline !== undefined}`,
    // Found out by the database, it is that of the first quoted value, and rows are lost.
    `new_line = ${quoteText((newline ?? '\n').replace('\r', '\\r').replace('\n', '\\n'))}`,
    `delim = ${quoteText(look.delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
    // A little above what Tower allows.
    'max_line_size = 2100000',
    ...(rejects === undefined
      ? []
      : ['store_rejects = true', `rejects_table = '${rejects}'`, `rejects_scan = '${rejects}_scan'`]),
  ];
  const names = [...types.keys()].map(quoteName).join(', ');
  return `SELECT ${names} FROM read_csv([${quotePath(path)}], ${options.join(', ')})`;
}

interface BrokenRecord extends BadRow {
  /** DuckDB's name of the mistake. */
  readonly kind: string;
}

/** A value that is not of its column's type, in a record that is whole. */
function isValue({ kind }: BrokenRecord): boolean {
  return kind === 'CAST';
}

/** DuckDB's account of records that it could not read, the first mistake of each. */
async function brokenRecords(
  { database, source, types }: Loading,
  file: DescribedFile,
  rejects: string,
): Promise<BrokenRecord[]> {
  const errors = await database.rows(
    `SELECT line_byte_position AS position, column_name AS "column", error_type AS kind, error_message AS message
     FROM ${rejects} ORDER BY line_byte_position, column_idx`,
  );
  const broken: BrokenRecord[] = [];
  let last = -1;
  for (const { position, column, kind, message } of errors) {
    const byte = Math.max(0, Number(position) - 1);
    if (byte === last) continue;
    last = byte;
    const name = column === null ? undefined : String(column);
    const type = types.get(name ?? '');
    const value = /Could not convert string "([\s\S]*)" to/.exec(String(message))?.[1] ?? '';
    const wanted =
      type === 'DATE' || type === 'TIMESTAMP' ? 'a time' : type === 'BOOLEAN' ? 'true or false' : 'a number';
    broken.push({
      role: source.role,
      file,
      at: { byte },
      kind: String(kind),
      reason: kind === 'CAST' ? `"${value}" is not ${wanted}` : (String(message).split('\n')[0] ?? String(kind)),
      ...defined({ column: name }),
    });
  }
  return broken;
}
