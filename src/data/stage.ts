/**
 * Reads files once into DuckDB's memory: one table a role, its rows in the order of the files, its row ids 0, 1, 2 … So a bad
 * row that is found later can be traced to its line.
 */
import { createReadStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Failure, failure } from '../diagnostics/failure.ts';
import type { BadRow } from './bad_row.ts';
import { mentions } from './binder.ts';
import { type Database, quoteName, quoteText } from './duckdb.ts';
import type { InputFile, Role } from './files.ts';
import { columnsOfLayout, type Layout, type Sort } from './layout.ts';
import { type DataSource, isNumber, jsonFormat, unreadable } from './source.ts';

export interface Staged {
  readonly source: DataSource;
  /** In the order of row ids. */
  readonly files: readonly StagedFile[];
  /** Rows of the table, deleted ones included: every row id is below. */
  readonly rows: number;
  /** Records that are no rows at all: short, unreadable. */
  readonly broken: readonly BadRow[];
}

export interface StagedFile {
  readonly file: InputFile;
  /** Row id of its first row. */
  readonly first: number;
  readonly rows: number;
}

/** Reads the columns that the layout needs of one source. Throws Failure for a damaged file. */
export async function stage(database: Database, source: DataSource, layout: Layout): Promise<Staged> {
  const whole = Promise.all(source.files.map((file) => verifyWhole(file)));
  // Its failure is reported below, once the reading has ended.
  whole.catch(() => undefined);
  const types = columnTypes(source, layout);
  const staged = await load(database, source, types.read);
  await whole.catch((error) => {
    const file = (error as { file: InputFile }).file;
    throw new Failure([unreadable((error as Error).cause, file, source)]);
  });
  for (const name of types.whole) await makeWhole(database, source.role, name);
  return staged;
}

interface ColumnTypes {
  /** The columns to keep, and what to read each as. */
  readonly read: ReadonlyMap<string, string>;
  /** Columns that the sample says are whole numbers. */
  readonly whole: readonly string[];
}

/** Ids keep their text, numbers are numbers, and what an expression reads is what the sample says. */
function columnTypes(source: DataSource, layout: Layout): ColumnTypes {
  const readers = columnsOfLayout(layout).filter(({ over }) => over.includes(source.role));
  const read = new Map<string, string>();
  const whole: string[] = [];
  for (const { name, type } of source.columns) {
    const uses = readers.filter(({ bare, sql }) => (bare === undefined ? mentions(sql, name) : bare === name));
    if (uses.length === 0) continue;
    if (name.toLowerCase() === 'rowid') {
      const facts = {
        path: source.described.path,
        reason: 'its column `rowid` has a name that the database keeps for itself',
      };
      throw failure('data-file-unreadable', facts, source.described.span);
    }
    const bare = uses.every((use) => use.bare === name);
    if (bare && uses.every(({ sort }) => sort === 'text')) read.set(name, 'VARCHAR');
    else if (bare && isNumber(type) && uses.every(({ sort }) => numeric.has(sort))) read.set(name, 'DOUBLE');
    else if (bare && type === 'VARCHAR' && uses.every(({ sort }) => sort === 'number')) read.set(name, 'DOUBLE');
    else if (bare && type === 'JSON') read.set(name, UNWRAPPED);
    else {
      // DuckDB reads 3.5 as 4 where it is told to expect whole numbers: they are only that once all are read.
      const counts = type === 'BIGINT' && source.looks.size > 0;
      read.set(name, counts ? 'DOUBLE' : type);
      if (counts) whole.push(name);
    }
  }
  return { read, whole };
}

/** A JSON value of any kind, read as the text in it. */
const UNWRAPPED = 'JSON value';

const numeric: ReadonlySet<Sort> = new Set<Sort>(['number', 'binary', 'time']);

/** Turns a column of doubles into one of whole numbers, if that is what they are. */
async function makeWhole(database: Database, role: Role, name: string): Promise<void> {
  const column = quoteName(name);
  const all = `bool_and(${column} = floor(${column}) AND abs(${column}) <= ${Number.MAX_SAFE_INTEGER})`;
  const [row] = await database.rows(`SELECT ${all} AS whole FROM ${role}`);
  if (row?.whole === true) await database.run(`ALTER TABLE ${role} ALTER ${column} TYPE BIGINT`);
}

async function load(database: Database, source: DataSource, types: ReadonlyMap<string, string>): Promise<Staged> {
  const files: StagedFile[] = [];
  const broken: BadRow[] = [];
  let rows = 0;
  for (const [at, file] of source.files.entries()) {
    const rejects = `rejects_${source.role}_${at}`;
    const select = selectFrom(source, file, types, rejects);
    try {
      await database.run(
        at === 0 ? `CREATE OR REPLACE TEMP TABLE ${source.role} AS ${select}` : `INSERT INTO ${source.role} ${select}`,
      );
    } catch (error) {
      throw new Failure([unreadable(error, file, source)]);
    }
    const [last] = await database.rows(`SELECT max(rowid) AS row FROM ${source.role}`);
    const total = last!.row === null ? rows : Number(last!.row) + 1;
    files.push({ file, first: rows, rows: total - rows });
    rows = total;
    if (file.kind === 'json')
      broken.push(...(await blankRows(database, source.role, files.at(-1)!, [...types.keys()])));
    if (file.kind === 'csv') broken.push(...(await brokenRecords(database, source.role, file, rejects, types)));
  }
  return { source, files, rows, broken };
}

function selectFrom(source: DataSource, file: InputFile, types: ReadonlyMap<string, string>, rejects: string): string {
  const path = quoteText(file.path);
  const names = [...types.keys()];
  if (file.kind === 'csv') {
    const look = source.looks.get(file.path)!;
    const typeOf = new Map([...types].map(([name, type]) => [name.toLowerCase(), type]));
    const columns = look.columns.map(
      ({ name }) => `${quoteText(name)}: ${quoteText(typeOf.get(name.toLowerCase()) ?? 'VARCHAR')}`,
    );
    const options = [
      `columns = {${columns.join(', ')}}`,
      'auto_detect = false',
      'header = true',
      `delim = ${quoteText(look.delimiter)}`,
      `quote = '"'`,
      `escape = '"'`,
      'store_rejects = true',
      `rejects_table = '${rejects}'`,
      `rejects_scan = '${rejects}_scan'`,
    ];
    return `SELECT ${names.map(quoteName).join(', ')} FROM read_csv([${path}], ${options.join(', ')})`;
  }
  const selected = names.map((name) =>
    types.get(name) === UNWRAPPED ? `${quoteName(name)} ->> '$' AS ${quoteName(name)}` : quoteName(name),
  );
  if (file.kind === 'parquet') return `SELECT ${selected.join(', ')} FROM read_parquet([${path}])`;
  const typeOf = (name: string): string => (types.get(name) === UNWRAPPED ? 'JSON' : types.get(name)!);
  const columns = names.map((name) => `${quoteText(name)}: ${quoteText(typeOf(name))}`);
  const format = jsonFormat(file);
  const ignore = format === 'newline_delimited' ? ', ignore_errors = true' : '';
  return `SELECT ${selected.join(', ')} FROM read_json([${path}], format = '${format}', columns = {${columns.join(', ')}}${ignore})`;
}

/** A line that is not JSON reads as a row of nothing. */
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

/** DuckDB's account of records that it could not read, the first mistake of each. */
async function brokenRecords(
  database: Database,
  role: Role,
  file: InputFile,
  rejects: string,
  types: ReadonlyMap<string, string>,
): Promise<BadRow[]> {
  const errors = await database.rows(
    `SELECT line_byte_position AS position, column_name AS "column", error_type AS kind, error_message AS message
     FROM ${rejects} ORDER BY line_byte_position, column_idx`,
  );
  const broken: BadRow[] = [];
  let last = -1;
  for (const { position, column, kind, message } of errors) {
    const byte = Math.max(0, Number(position) - 1);
    if (byte === last) continue;
    last = byte;
    const name = column === null ? undefined : String(column);
    const type = kind === 'CAST' ? types.get(name ?? '') : undefined;
    const value = /Could not convert string "([\s\S]*)" to/.exec(String(message))?.[1] ?? '';
    broken.push({
      role,
      file,
      at: { byte },
      reason: reasonOf(String(kind), String(message), value, type),
      ...(name === undefined ? {} : { column: name }),
    });
  }
  return broken;
}

function reasonOf(kind: string, message: string, value: string, type: string | undefined): string {
  const counts = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message);
  switch (kind) {
    case 'MISSING COLUMNS':
      return `the row is short: ${counts?.[2]} values, the header has ${counts?.[1]}`;
    case 'TOO MANY COLUMNS':
      return `the row is long: ${counts?.[2]} values, the header has ${counts?.[1]}`;
    case 'UNQUOTED VALUE':
      return 'a quoted value does not end where its quote ends';
    case 'INVALID ENCODING':
    case 'INVALID UNICODE':
      return 'the text is not UTF-8';
    case 'CAST':
      return `"${value}" is not ${type === 'DATE' || type === 'TIMESTAMP' ? 'a time' : type === 'BOOLEAN' ? 'true or false' : 'a number'}`;
    default:
      return message.split('\n')[0] ?? kind;
  }
}

/** A compressed file that was cut off reads as if it ended there; only its own check sum says otherwise. */
async function verifyWhole(file: InputFile): Promise<void> {
  if (!file.compressed) return;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    await pipeline(createReadStream(file.path), createGunzip(), nowhere);
  } catch (cause) {
    throw Object.assign(new Error(`cannot unpack ${file.name}`, { cause }), { file });
  }
}
