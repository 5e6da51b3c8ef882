/**
 * Reads files once into DuckDB's memory: one table a role, its rows in the order of the files, its row ids 0, 1, 2 … So a bad
 * row that is found later can be traced to its line. Parquet past the memory stays where it is.
 */
import { Failure, failure } from '../../diagnostics/failure.ts';
import { mentions } from '../binding/binder.ts';
import { type ColumnKind, columnsOfLayout, type Layout } from '../binding/layout.ts';
import type { BadRow } from '../files/bad_row.ts';
import { type Database, quoteName, quotePath } from '../files/duckdb.ts';
import type { DescribedFile, Role } from '../files/files.ts';
import { stampOf } from '../files/records/scan.ts';
import { inStores, stampsNow } from '../files/remote/stores.ts';
import { type DataSource, isNumber, unreadable } from '../files/source.ts';
import { type Loading, loadFile, NUMBER_TEXT, recordsOfParquet, selectParquet, settleRows, UNWRAPPED } from './load.ts';
import type { RowRange, StagedFile, StagedTable } from './staged.ts';

// Parquet files that the database reads where they are: the table of a role is a view over them. Rows past memory would lie in the
// database's temporary files otherwise, several times as large as the Parquet.

/** Bytes that the database keeps for a value, about: of a short text, with what points to it. */
const valueBytes = 20;

/** Bytes that the database needs to bring a row together with others, about: four times a text with its hash, of each thread. */
const groupedBytes = 200;

/** Each query opens all files. */
const mostFiles = 2000;

/** What the database gives the place of a row in its file as. */
const place = 'file_row_number';

/**
 * Whether the table of the source would be larger than `room`, and need not be one.
 * @param room bytes that the database keeps in memory
 */
async function staysInPlace({ database, source, types }: Loading, room: number): Promise<boolean> {
  const { files, columns } = source;
  if (files.length > mostFiles || files.some(({ kind }) => kind !== 'parquet')) return false;
  if (columns.some(({ name }) => name.toLowerCase() === place)) return false;
  let rows = 0;
  for (const file of files) {
    const [said] = await database.rows(`SELECT num_rows AS rows FROM parquet_file_metadata([${quotePath(file.path)}])`);
    rows += Number(said!.rows);
  }
  return rows * types.size * valueBytes > room;
}

/** Makes the view, after each file was read once, to its end. @throws Failure for a damaged file */
async function stageInPlace(loading: Loading, room: number): Promise<Omit<StagedTable, 'source' | 'broken'>> {
  const files: StagedFile[] = [];
  let rows = 0;
  for (const file of loading.source.files) {
    files.push({ file, first: rows, rows: await readToEnd(loading, file) });
    rows += files.at(-1)!.rows;
  }
  const out: number[] = [];
  const all = { first: 0, count: rows };
  const focus = (range: RowRange = all): Promise<void> => loading.database.run(viewOf(loading, files, range, out));
  const leaveOut = (ids: readonly number[]): Promise<void> => {
    out.push(...ids);
    return focus();
  };
  await focus();
  const atOnce = Math.max(2048, Math.floor(room / groupedBytes));
  return { files, rows, inPlace: { atOnce, focus }, leaveOut };
}

async function readToEnd(loading: Loading, file: DescribedFile): Promise<number> {
  const { database, types } = loading;
  try {
    const records = await recordsOfParquet(database, file);
    // A count would be answered without a look at the values.
    const looks = [...types.keys()].map((name) => `, bit_xor(hash(${quoteName(name)}))`);
    const [read] = await database.rows(
      `SELECT count(*) AS rows${looks.join('')} FROM (${selectParquet(loading, file)})`,
    );
    settleRows(file, Number(read!.rows), records);
    return records;
  } catch (error) {
    database.passOn(error);
    throw new Failure([unreadable(error, file)]);
  }
}

/** A filter on row ids would read all files: the database skips row groups by places in a file. */
function viewOf(loading: Loading, files: readonly StagedFile[], range: RowRange, out: readonly number[]): string {
  const selects = files.flatMap(({ file, first, rows }) => {
    const from = Math.max(0, range.first - first);
    const to = Math.min(rows, range.first + range.count - first);
    if (from >= to) return [];
    const select = selectParquet(loading, file, `${place} + CAST(${first} AS BIGINT) AS rowid`);
    return [from > 0 || to < rows ? `${select} WHERE ${place} >= ${from} AND ${place} < ${to}` : select];
  });
  const kept = out.length > 0 ? ` WHERE rowid NOT IN (${out.join(', ')})` : '';
  const view = `CREATE OR REPLACE TEMP VIEW ${loading.source.role} AS`;
  return `${view} SELECT * FROM (${selects.join(' UNION ALL ')})${kept}`;
}

/** How to stage. */
export interface StageOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the database's memory. Parquet that would take more is read where it is. Absent: all files become tables. */
  readonly room?: number | undefined;
}

/**
 * Reads the columns that the layout needs of one source. Throws Failure for a damaged file, one that changed since its header was
 * read, and one whose rows and broken records are not all of its records.
 */
export async function stage(
  database: Database,
  source: DataSource,
  layout: Layout,
  { signal, room }: StageOptions = {},
): Promise<StagedTable> {
  const types = columnTypes(source, layout);
  const loading = { database, source, types: types.read, signal };
  const staged =
    room !== undefined && (await staysInPlace(loading, room))
      ? { source, broken: [], ...(await stageInPlace(loading, room)) }
      : await load(loading);
  await verifyUnchanged(database, source);
  for (const name of types.numbers) await makeNumbers(database, source.role, name);
  return staged;
}

/** Throws Failure where a file of the source is not the one whose header was read. */
export async function verifyUnchanged(database: Database, source: DataSource): Promise<void> {
  const far = inStores(source.files);
  const stamps = far.length > 0 ? await stampsNow(database, far) : undefined;
  for (const file of source.files) {
    let stamp: string | undefined;
    try {
      stamp = far.includes(file) ? stamps?.get(file.path) : stampOf(file);
    } catch {
      // It is gone.
    }
    if (stamp !== source.stamps.get(file.path)) {
      throw failure('data-file-changed', { path: file.name }, file.described.span);
    }
  }
}

interface ColumnTypes {
  /** The columns to keep, and what to read each as. */
  readonly read: ReadonlyMap<string, string>;
  /** Columns that are read as texts of numbers, and get their type once all are there. */
  readonly numbers: readonly string[];
}

/** Ids keep their text, numbers are numbers, and what an expression reads is what the sample says. */
function columnTypes(source: DataSource, layout: Layout): ColumnTypes {
  const readers = columnsOfLayout(layout).filter(
    ({ over, reads }) => over.includes(source.role) || reads?.tables.includes(source.role),
  );
  const read = new Map<string, string>();
  const numbers: string[] = [];
  for (const { name, type } of source.columns) {
    const uses = readers.filter(({ bare, sql, reads }) =>
      bare === undefined ? reads?.unnamed || mentions(sql, name) : bare === name,
    );
    if (uses.length === 0) continue;
    if (name.toLowerCase() === 'rowid') {
      const facts = {
        path: source.described.path,
        reason: 'its column `rowid` has a name that the database keeps for itself',
      };
      throw failure('data-file-unreadable', facts, source.described.span);
    }
    const bare = uses.every((use) => use.bare === name);
    if (bare && uses.every(({ kind }) => kind === 'text')) read.set(name, 'VARCHAR');
    // The database reads more than 64 bits of JSON as DOUBLE.
    else if (bare && type === 'DOUBLE[]' && uses.every(({ kind }) => kind === 'texts')) read.set(name, 'VARCHAR[]');
    else if (bare && isNumber(type) && uses.every(({ kind }) => numeric.has(kind))) read.set(name, 'DOUBLE');
    else if (bare && type === 'VARCHAR' && uses.every(({ kind }) => kind === 'number')) read.set(name, 'DOUBLE');
    else if (bare && type === 'JSON') read.set(name, UNWRAPPED);
    else {
      // Whole numbers of a text are known to be whole only after all are read, and a DOUBLE would not hold their digits.
      const isText = source.files.every(({ kind }) => kind === 'csv' || kind === 'json');
      const isOpen = isText && /^(BIGINT|HUGEINT|DOUBLE)$/.test(type);
      read.set(name, isOpen ? NUMBER_TEXT : type);
      if (isOpen) numbers.push(name);
    }
  }
  return { read, numbers };
}

const numeric: ReadonlySet<ColumnKind> = new Set<ColumnKind>(['number', 'binary', 'time']);

/** Gives a column of texts, each of which is a number, the narrowest type that keeps them as they are. */
async function makeNumbers(database: Database, role: Role, name: string): Promise<void> {
  const column = quoteName(name);
  const [row] = await database.rows(
    `SELECT bool_and(regexp_full_match(${column}, '-?(0|[1-9][0-9]{0,37})')) AS whole, bool_and(TRY_CAST(${column} AS BIGINT) IS NOT NULL) AS small
     FROM ${role} WHERE ${column} IS NOT NULL`,
  );
  const type = row?.whole !== true ? 'DOUBLE' : row.small === true ? 'BIGINT' : 'HUGEINT';
  await database.run(`ALTER TABLE ${role} ALTER ${column} TYPE ${type}`);
}

async function load(loading: Loading): Promise<StagedTable> {
  const { database, source, types } = loading;
  const files: StagedFile[] = [];
  const broken: BadRow[] = [];
  let rows = 0;
  for (const [at, file] of source.files.entries()) {
    const loaded = await loadFile(loading, at, rows);
    files.push({ file, first: rows, rows: loaded.rows });
    rows += loaded.rows;
    broken.push(...loaded.broken);
    if (file.kind === 'json')
      broken.push(...(await blankRows(database, source.role, files.at(-1)!, [...types.keys()])));
  }
  const leaveOut = (ids: readonly number[]): Promise<void> =>
    database.run(`DELETE FROM ${source.role} WHERE rowid IN (${ids.join(', ')})`);
  return { source, files, rows, broken, leaveOut };
}

/** An object without any of the columns, or that the database could not read, is a row of nothing. */
async function blankRows(
  database: Database,
  role: Role,
  { file, first }: StagedFile,
  columns: readonly string[],
): Promise<BadRow[]> {
  const blank = `rowid >= ${first} AND ${columns.map((name) => `${quoteName(name)} IS NULL`).join(' AND ')}`;
  const rows = await database.rows(`SELECT rowid AS id FROM ${role} WHERE ${blank}`);
  if (rows.length > 0) await database.run(`DELETE FROM ${role} WHERE ${blank}`);
  const reason = `not a JSON object with ${columns.map((name) => `\`${name}\``).join(', ')}`;
  return rows.map(({ id }) => ({ role, file, at: { record: Number(id) - first }, reason }));
}
