/**
 * Reads files once into the memory of DuckDB: one table for each role, with rows in the order of the files and row ids 0, 1, 2, …, so that a bad row can later
 * be traced to its line. Parquet that exceeds the memory stays in its files.
 */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, diagnose, Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { makeFoldersSync } from '../../base/storage/durable.ts';
import { quoteName } from '../../base/text/sql.ts';
import { groupBy } from '../../base/util/objects.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import { mentions } from '../binding/binder.ts';
import { type ColumnKind, columnsOfLayout, type DataLayout } from '../binding/data_layout.ts';
import type { Rejected } from '../dataset.ts';
import { type DataSource, readers, unreadableFileError } from '../files/data_source.ts';
import { type Database, isNumber } from '../files/duckdb.ts';
import { addBadRow, type BadRow, countBadRows, type DescribedFile, type Role } from '../files/find_files.ts';
import { countOf, type LoadInput, settleRows } from '../files/formats/reader.ts';
import { formats, NUMBER_TEXT, UNWRAPPED } from '../files/formats/table.ts';
import { eachGood, stampOf } from '../files/records/scan_file.ts';
import { inStores, stampsNow } from '../files/remote/stores.ts';
import type { RowRange, Staged, StagedFile, StagedTable } from './raw.ts';
import { idsOf } from './staged_tables.ts';

/** Estimated bytes of a value in the database: a short text and its pointer. */
const valueBytes = 20;

/** Estimated bytes for grouping a row: about four times a text with its hash, in each thread. */
const groupedBytes = 200;

/** Maximum number of files in a view, because each query opens all of them. */
const maxFiles = 2000;

type StageInput = LoadInput & { readonly source: DataSource };

const placeOf = ({ kind }: DescribedFile) => readers[kind].inPlace!;

/**
 * True if the table of the source would exceed `room` and can be a view of Parquet files. Otherwise the excess rows would go to the database's temporary
 * files, which are several times as large as the Parquet. @param room bytes of the database's memory
 */
async function staysInPlace({ database, source, types }: StageInput, room: number): Promise<boolean> {
  const { files, columns } = source;
  if (files.length > maxFiles || files.some(({ kind }) => readers[kind].inPlace === undefined)) return false;
  const rowNumbers = new Set(files.map((file) => placeOf(file).rowNumber));
  if (columns.some(({ name }) => rowNumbers.has(name.toLowerCase()))) return false;
  let rowTotal = 0;
  for (const { kind, path } of files) rowTotal += await countOf(database, readers[kind].relation!(path));
  return rowTotal * types.size * valueBytes > room;
}

/** Makes the view after reading each file completely. @throws Failure for a damaged file */
async function stageInPlace(loading: StageInput, room: number): Promise<Omit<StagedTable, 'source' | 'broken'>> {
  const files: StagedFile[] = [];
  let rowTotal = 0;
  for (const file of loading.source.files) {
    const rows = await readToEnd(loading, file);
    files.push({ file, first: rowTotal, rows });
    rowTotal += rows;
  }
  const excluded: string[] = [];
  const allRows = { first: 0, count: rowTotal };
  const focus = (range: RowRange = allRows): Promise<void> =>
    loading.database.run(viewOf(loading, files, range, excluded));
  const leaveOut = async (ids: Int32Array): Promise<void> => {
    const table = `left out ${excluded.length}`;
    await loading.database.createTable(table, [{ name: 'id', integers: ids }], ids.length);
    excluded.push(`rowid NOT IN (FROM ${quoteName(table)})`);
    await focus();
  };
  await focus();
  const atOnce = Math.max(2048, Math.floor(room / groupedBytes));
  return { files, rows: rowTotal, inPlace: { atOnce, focus }, leaveOut };
}

async function readToEnd(loading: StageInput, file: DescribedFile): Promise<number> {
  const { database, types } = loading;
  try {
    const records = await placeOf(file).count(database, file);
    // A mere count would be answered from metadata.
    const hashes = [...types.keys()].map((name) => `, bit_xor(hash(${quoteName(name)}))`);
    const query = `SELECT count(*) AS rows${hashes.join('')} FROM (${placeOf(file).select(loading, file)})`;
    const [totals] = await database.rows(query);
    settleRows(file, Number(totals!.rows), records);
    return records;
  } catch (error) {
    database.rethrowUnlessSql(error);
    throw new Failure([unreadableFileError(error, file)]);
  }
}

/** Filters by the row number within a file, which lets the database skip row groups. A filter by row id would read all files. */
function viewOf(
  loading: StageInput,
  files: readonly StagedFile[],
  range: RowRange,
  excluded: readonly string[],
): string {
  const selects = files.flatMap((file) => rowsWithin(loading, file, range) ?? []);
  const filter = excluded.length > 0 ? ` WHERE ${excluded.join(' AND ')}` : '';
  const view = `CREATE OR REPLACE TEMP VIEW ${loading.source.role} AS`;
  return `${view} SELECT * FROM (${selects.join(' UNION ALL ')})${filter}`;
}

function rowsWithin(loading: StageInput, { file, first, rows }: StagedFile, range: RowRange): string | undefined {
  const firstRow = Math.max(0, range.first - first);
  const endRow = Math.min(rows, range.first + range.count - first);
  if (firstRow >= endRow) return undefined;
  const { rowNumber, select } = placeOf(file);
  const query = select(loading, file, `${rowNumber} + CAST(${first} AS BIGINT) AS rowid`);
  if (firstRow === 0 && endRow === rows) return query;
  return `${query} WHERE ${rowNumber} >= ${firstRow} AND ${rowNumber} < ${endRow}`;
}

/** True if the value of a column depends on other events, so that a view of some rows would have other values. */
const readsOtherRows = (layout: DataLayout): boolean =>
  columnsOfLayout(layout).some(({ reads }) => reads && (reads.usesWindows || reads.tables.includes('events')));

/**
 * Reads the columns of one source that the layout needs. Throws a Failure for a damaged file, for a file that changed after its header was read, and for a file
 * whose rows and broken records do not sum to its records.
 * @param room bytes of the database's memory: Parquet that would take more stays in its files. Absent: all files become tables
 */
export async function stage(
  database: Database,
  source: DataSource,
  layout: DataLayout,
  { signal, room }: { readonly signal?: AbortSignal; readonly room?: number } = {},
): Promise<StagedTable> {
  const types = columnTypes(source, layout);
  const loading = { database, source, types: types.read, signal };
  const staged =
    room !== undefined && !readsOtherRows(layout) && (await staysInPlace(loading, room))
      ? { source, broken: [], ...(await stageInPlace(loading, room)) }
      : await load(loading);
  await verifyUnchanged(database, source);
  for (const name of types.numbers) await makeNumbers(database, source.role, name);
  return staged;
}

/** Returns the types of the columns of a staged table. */
export async function typesOf(database: Database, role: Role): Promise<ReadonlyMap<string, string>> {
  // A view shows the number of the row as a column.
  const rows = await database.rows(
    `SELECT column_name, column_type FROM (DESCRIBE ${role}) WHERE column_name <> 'rowid'`,
  );
  return new Map(rows.map((row) => [String(row.column_name), String(row.column_type)]));
}

/** Throws a Failure if a file of the source changed after its header was read. */
export async function verifyUnchanged(database: Database, source: DataSource): Promise<void> {
  const storeFiles = inStores(source.files);
  const stamps = storeFiles.length > 0 ? await stampsNow(database, storeFiles) : undefined;
  for (const file of source.files) {
    let stamp: string | undefined;
    try {
      stamp = storeFiles.includes(file) ? stamps?.get(file.path) : stampOf(file);
    } catch {
      // The file no longer exists.
    }
    if (stamp !== source.stamps.get(file.path)) {
      throw failure('data-file-changed', { path: file.name }, file.described.span);
    }
  }
}

/**
 * Chooses the types to read: keys stay texts, numeric columns become numbers, and columns in expressions have the sampled type. The columns in `numbers` are
 * read as texts, and get their type after all rows are loaded.
 */
function columnTypes(source: DataSource, layout: DataLayout) {
  const readers = columnsOfLayout(layout).filter(
    ({ scope, reads }) => scope.includes(source.role) || reads?.tables.includes(source.role),
  );
  const readTypes = new Map<string, string>();
  const numbers: string[] = [];
  for (const { name, type } of source.columns) {
    const readersOfColumn = readers.filter(({ bare, sql, reads }) =>
      bare === undefined ? reads?.readsUnnamed || mentions(sql, name) : bare === name,
    );
    if (readersOfColumn.length === 0) continue;
    if (name.toLowerCase() === 'rowid') {
      const { path, span } = source.described;
      const reason = 'its column `rowid` has a name that the database keeps for itself';
      throw failure('data-file-unreadable', { path, reason }, span);
    }
    const isBare = readersOfColumn.every((reader) => reader.bare === name);
    if (isBare && readersOfColumn.every(({ kind }) => kind === 'text')) readTypes.set(name, 'VARCHAR');
    // The database reads JSON integers of more than 64 bits as DOUBLE.
    else if (isBare && type === 'DOUBLE[]' && readersOfColumn.every(({ kind }) => kind === 'texts'))
      readTypes.set(name, 'VARCHAR[]');
    else if (isBare && isNumber(type) && readersOfColumn.every(({ kind }) => numericKinds.has(kind)))
      readTypes.set(name, 'DOUBLE');
    else if (isBare && type === 'VARCHAR' && readersOfColumn.every(({ kind }) => kind === 'number'))
      readTypes.set(name, 'DOUBLE');
    else if (isBare && type === 'JSON') readTypes.set(name, UNWRAPPED);
    else {
      // It is only known after all texts are read if their numbers are whole, and a DOUBLE could not hold all their digits.
      const isText = source.files.every(({ kind }) => formats[kind].types !== 'file');
      const isOpen = isText && /^(BIGINT|HUGEINT|DOUBLE)$/.test(type);
      readTypes.set(name, isOpen ? NUMBER_TEXT : type);
      if (isOpen) numbers.push(name);
    }
  }
  return { read: readTypes, numbers };
}

const numericKinds: ReadonlySet<ColumnKind> = new Set<ColumnKind>(['number', 'binary', 'probability', 'time']);

/** Converts a text column of numbers to the narrowest type that preserves the values. */
async function makeNumbers(database: Database, role: Role, name: string): Promise<void> {
  const column = quoteName(name);
  const [row] = await database.rows(
    `SELECT bool_and(regexp_full_match(${column}, '-?(0|[1-9][0-9]{0,37})')) AS whole, bool_and(TRY_CAST(${column} AS BIGINT) IS NOT NULL) AS small
     FROM ${role} WHERE ${column} IS NOT NULL`,
  );
  const type = row?.whole !== true ? 'DOUBLE' : row.small === true ? 'BIGINT' : 'HUGEINT';
  await database.run(`ALTER TABLE ${role} ALTER ${column} TYPE ${type}`);
}

async function load(loading: StageInput): Promise<StagedTable> {
  const { database, source, types } = loading;
  const files: StagedFile[] = [];
  const broken: BadRow[] = [];
  let rowTotal = 0;
  for (const [index, file] of source.files.entries()) {
    try {
      const loaded = await source.opened.get(file.path)!.load(loading, index);
      // Rows are traced to their lines by id, so ids must have no gaps.
      const [lastRow] = await database.rows(`SELECT max(rowid) AS row FROM ${source.role}`);
      if (loaded.rows > 0) settleRows(file, Number(lastRow!.row) + 1 - rowTotal, loaded.rows);
      files.push({ file, first: rowTotal, rows: loaded.rows, skippedLines: loaded.skippedLines });
      rowTotal += loaded.rows;
      for (const row of loaded.broken) addBadRow(broken, row);
    } catch (error) {
      database.rethrowUnlessSql(error);
      throw new Failure([unreadableFileError(error, file)]);
    }
    if (formats[file.kind].types === 'values')
      await dropBlankRows(database, source.role, files.at(-1)!, [...types.keys()], broken);
  }
  const leaveOut = async (ids: Int32Array): Promise<void> => {
    await database.createTable('left out', [{ name: 'id', integers: ids }], ids.length);
    await database.run(`DELETE FROM ${source.role} WHERE rowid IN (FROM "left out")`);
    await database.run('DROP TABLE "left out"');
  };
  return { source, files, rows: rowTotal, broken, leaveOut };
}

async function dropBlankRows(
  database: Database,
  role: Role,
  { file, first }: StagedFile,
  columns: readonly string[],
  broken: BadRow[],
): Promise<void> {
  const isBlank = `rowid >= ${first} AND ${columns.map((name) => `${quoteName(name)} IS NULL`).join(' AND ')}`;
  const blankRows = await idsOf(database, `SELECT CAST(rowid AS INTEGER) FROM ${role} WHERE ${isBlank}`);
  if (blankRows.length > 0) await database.run(`DELETE FROM ${role} WHERE ${isBlank}`);
  const reason = `not a JSON object with ${columns.map((name) => `\`${name}\``).join(', ')}`;
  for (const id of blankRows) addBadRow(broken, { role, file, at: { record: id - first }, reason });
}

// Collects bad rows, finds their lines, writes them to `rejected.jsonl`, and compares their share with the limit `reject`.

export function badRow(staged: Staged, row: number, column: string | undefined, reason: string): BadRow {
  const file = staged.files.findLast(({ first }) => first <= row)!;
  return { role: staged.source.role, file: file.file, at: { record: row - file.first }, reason, column };
}

/**
 * Writes every bad row with its file, line, column and reason to `rejected.jsonl` in `folder`, if that is given. Throws a Failure if the share of bad rows of a
 * source is larger than the data block allows.
 */
export async function settleRejects(
  database: Database,
  bad: readonly BadRow[],
  staged: readonly Staged[],
  description: DataDescription,
  folder: string | undefined,
): Promise<Rejected> {
  const recordTotal = staged.reduce((sum, { rows, broken }) => sum + rows + countBadRows(broken.filter(isRecord)), 0);
  if (bad.length === 0) return { count: 0, total: recordTotal };
  const lines = await linesOf(bad, staged);
  for (const { source } of staged) await verifyUnchanged(database, source);
  const badWithLines = bad.map((row, index) => ({ ...row, line: lines[index] }));
  badWithLines.sort((a, b) => compare(a.file.name, b.file.name) || (a.line ?? 0) - (b.line ?? 0));
  const rejectedFile = folder === undefined ? undefined : join(folder, 'rejected.jsonl');
  if (rejectedFile !== undefined) {
    const records = badWithLines.map(({ file, line, column, reason, rows }) => ({
      file: file.name,
      line,
      column,
      reason,
      rows,
    }));
    write(rejectedFile, folder!, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  }
  // Each part of `split = files(…)` is an entry of its own.
  const entries = staged.flatMap(({ files, broken }) =>
    [...new Set(files.map(({ file }) => file.described))].map((described) => ({ described, files, broken })),
  );
  const excesses = entries.flatMap(({ described, files, broken }) => {
    const isOfEntry = ({ file }: Pick<BadRow, 'file'>): boolean => file.described === described;
    const badCount = countBadRows(bad.filter(isOfEntry));
    const entryTotal =
      files.filter(isOfEntry).reduce((sum, { rows }) => sum + rows, 0) +
      countBadRows(broken.filter((row) => isOfEntry(row) && isRecord(row)));
    if (badCount <= description.reject * entryTotal) return [];
    const { file, line, column, reason } = badWithLines.find(isOfEntry)!;
    const position = `${file.name}${line === undefined ? '' : `:${line}`}`;
    const first = `${position}: ${column === undefined ? '' : `\`${column}\`: `}${reason}`;
    const totals = { count: badCount, total: entryTotal, limit: description.reject };
    const rejectFacts = { path: described.path, ...totals, first, file: rejectedFile };
    return [diagnose('too-many-rejected', described.span, rejectFacts)];
  });
  if (excesses.length > 0) throw new Failure(excesses);
  return { count: countBadRows(bad), total: recordTotal, file: rejectedFile };
}

/** True for records that are not rows of the table. Blank JSON rows were in the table and have a row id. */
const isRecord = ({ at }: BadRow): boolean => !('record' in at);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function write(path: string, folder: string, text: string): void {
  try {
    makeFoldersSync(folder);
    // A symbolic link or pipe of that name is replaced and not followed.
    rmSync(path, { force: true });
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    throw failure('cannot-write', { path, reason: describeError(error) });
  }
}

/** Finds the line of each row's record, from 1, by reading the files again. Rows of Parquet have no lines; their index in the file counts from 1. */
async function linesOf(bad: readonly BadRow[], staged: readonly Staged[]): Promise<readonly (number | undefined)[]> {
  const lines = bad.map(({ at }) => ('line' in at ? at.line : undefined));
  const unplaced = [...lines.keys()].filter((index) => lines[index] === undefined);
  const indexesOfFile = groupBy(unplaced, (index) => `${bad[index]!.role} ${bad[index]!.file.path}`);
  for (const stagedSource of staged) {
    for (const stagedFile of stagedSource.files) {
      const indexes = indexesOfFile.get(`${stagedSource.source.role} ${stagedFile.file.path}`);
      if (indexes) await fill(lines, bad, indexes, stagedSource, stagedFile);
    }
  }
  return lines;
}

async function fill(
  lines: (number | undefined)[],
  bad: readonly BadRow[],
  indexes: readonly number[],
  { source }: Staged,
  { file, skippedLines }: StagedFile,
): Promise<void> {
  const recordOf = (index: number): number => (bad[index]!.at as { readonly record: number }).record;
  const scanner = source.opened.get(file.path)!.scanner?.();
  if (scanner === undefined) {
    for (const index of indexes) lines[index] = recordOf(index) + 1;
    return;
  }
  const byRecord = [...indexes].sort((a, b) => recordOf(a) - recordOf(b));
  const brokenLines = new Set(skippedLines);
  let nextRow = 0;
  let record = 0;
  await eachGood(file, scanner, (line) => {
    if (brokenLines.has(line)) return;
    while (nextRow < byRecord.length && recordOf(byRecord[nextRow]!) === record) lines[byRecord[nextRow++]!] = line;
    record++;
  });
}
