/** Processes staged tables, for reading both into memory and into shards: joined files, failing expressions, rejected rows. */

import { type Diagnostic, diagnose, Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { keyTableOf } from '../../base/text/key_table.ts';
import type { Span } from '../../base/text/source.ts';
import { maxTextBytes, packTexts, type Texts, TextsWriter } from '../../base/text/texts.ts';
import { appendToList } from '../../base/util/objects.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import { sqlErrorDiagnostic } from '../binding/binder.ts';
import { type BoundColumn, type ColumnRequest, columnsOfLayout, type ReadPlan } from '../binding/data_layout.ts';
import type { Rejected } from '../dataset.ts';
import { castToText, type Database, elementOf, enclose, sqlReason, wholeNumberLimit } from '../files/duckdb.ts';
import { addBadRow, type BadRow, type Role } from '../files/find_files.ts';
import { unitOf } from './fresh.ts';
import type { Dictionaries, RawCodes, Staged, StagedTable, ValidRawRows } from './raw.ts';
import { badRow, settleRejects, verifyUnchanged } from './stage.ts';
import {
  addBlobs,
  type BoundTables,
  computedQuery,
  dictionaryTable,
  filterClause,
  idsOf,
  numberIn,
  readRows,
  relationOf,
} from './staged_tables.ts';
import { type TimeScale, timeScale } from './time_scale.ts';
import { ABSENT, BAD, type RowContext, validateRows } from './validate_rows.ts';

export interface Computing extends BoundTables {
  readonly readPlan: ReadPlan;
  readonly staged: ReadonlyMap<Role, StagedTable>;
  readonly bad: BadRow[];
  /** Warnings about rows that may be wrong. */
  readonly warnings: Diagnostic[];
  /** `folder` is the folder for `rejected.jsonl`. */
  readonly options: {
    readonly folder?: string;
    readonly signal?: AbortSignal;
    readonly onWarning?: (warning: Diagnostic) => void;
  };
}

/** Calls `compute`. If an expression fails on some rows, these are dropped, and everything is computed again. */
export async function computed<T>(computing: Computing, compute: () => Promise<T>): Promise<T> {
  const { database, layout, staged, readPlan, bad } = computing;
  const value = await compute().catch(async (problem: unknown) => {
    database.rethrowUnlessSql(problem);
    await settleInPlace(database, staged);
    for (const row of await dropFailingRows(computing, problem)) addBadRow(bad, row);
    return compute().catch((secondError: unknown) => {
      database.rethrowUnlessSql(secondError);
      throw new Failure([sqlErrorDiagnostic(secondError, readPlan.description.span, layout.sources)]);
    });
  });
  await settleInPlace(database, staged);
  return value;
}

/** Resets views to all rows. @throws Failure `data-file-changed` if a file has changed since it was first read */
async function settleInPlace(database: Database, staged: ReadonlyMap<Role, StagedTable>): Promise<void> {
  for (const { source, inPlace } of staged.values()) {
    if (inPlace === undefined) continue;
    await verifyUnchanged(database, source);
    await inPlace.focus();
  }
}

/** @throws Failure if too many rows are invalid, and `no-rows` */
export async function settle(
  { database, bad, warnings, staged, readPlan, options }: Computing,
  hasRows: boolean,
): Promise<Rejected> {
  const { description } = readPlan;
  const rejected = await settleRejects(database, bad, [...staged.values()], description, options.folder).catch(
    (error) => {
      // Warnings may explain the error.
      throw error instanceof Failure ? new Failure([...error.diagnostics, ...warnings]) : error;
    },
  );
  for (const warning of warnings) options.onWarning?.(warning);
  if (hasRows) return rejected;
  const isFiltered = description.where !== undefined && staged.get('events')!.rows > 0;
  throw failure('no-rows', { path: description.events.path, filtered: isFiltered }, description.events.span);
}

export interface ValidFiles {
  readonly dictionaries: Dictionaries;
  readonly context: RowContext;
  readonly files: { readonly items?: ValidRawRows; readonly users?: ValidRawRows };
}

/** Reads joined files with marks for valid rows, and deletes the others from their tables. This precedes the events, whose keys must be in the files. */
export async function validFiles(computing: Computing): Promise<ValidFiles> {
  const { readPlan, staged } = computing;
  const dictionaries = await makeDictionaries(computing);
  await refuseRoundedIds(computing);
  computing.warnings.length = 0;
  for (const warning of warningsOfIds(readPlan, dictionaries)) computing.warnings.push(warning);
  const rowsOfKeys: { items?: Int32Array; users?: Int32Array } = {};
  const files: { items?: ValidRawRows; users?: ValidRawRows } = {};
  for (const role of ['items', 'users'] as const) {
    const source = staged.get(role);
    const key = (role === 'items' ? readPlan.itemKey : readPlan.userKey)?.inFile;
    if (source === undefined || key === undefined) continue;
    const rows = await validate(computing, source, dictionaries, {});
    const droppedRows = dropped(rows);
    if (droppedRows.length > 0) await source.leaveOut(droppedRows);
    rowsOfKeys[role] = rowsByKey(rows, key, dictionaries.get(key.dictionary!)!.length, source.broken.length > 0);
    files[role] = rows;
  }
  return { dictionaries, context: { ...rowsOfKeys, timeScale: await timeScaleOf(computing) }, files };
}

/** Returns the scale of the times of events; undefined if there is none, or if it is not to be checked. */
async function timeScaleOf(computing: Computing): Promise<TimeScale | undefined> {
  const { database, readPlan } = computing;
  const { time, description } = readPlan;
  if (time === undefined || description.times === 'any') return undefined;
  const { sql, types } = await computedQuery(computing, 'events', [time]);
  const number = numberIn(time, 'c0', types[0]!);
  const [row] = await database.rows(
    `SELECT approx_quantile(number, 0.5) AS median FROM (SELECT ${number} AS number FROM (${sql})) WHERE isfinite(number)`,
  );
  const median = row?.median;
  return typeof median === 'number' ? timeScale(median / unitOf(types[0]!), Date.now() / 1000) : undefined;
}

export async function validate(
  computing: Computing,
  staged: Staged,
  dictionaries: Dictionaries,
  context: RowContext,
): Promise<ValidRawRows> {
  const { readPlan } = computing;
  const raw = await readRows(computing, staged, readPlan.columns.get(staged.source.role)!);
  const validation = await validateRows({ tables: computing, readPlan, raw, staged, dictionaries, context });
  for (const row of validation.bad) addBadRow(computing.bad, row);
  return { ...raw, kept: validation.kept };
}

/** Returns the row of each key of a joined file, by dictionary code; `ABSENT` or `BAD` if there is no valid row. */
function rowsByKey(file: ValidRawRows, key: ColumnRequest, codes: number, hasBroken: boolean): Int32Array {
  // If the file has unreadable records, their keys are unknown, so a missing key may be in one of them.
  const rows = new Int32Array(codes).fill(hasBroken ? BAD : ABSENT);
  const { values } = file.columns.get(key) as RawCodes;
  for (const row of dropped(file)) rows[values[row]!] = BAD;
  for (let row = 0; row < file.rows; row++) if (file.kept[row] === 1) rows[values[row]!] = row;
  return rows;
}

function dropped({ present, kept }: ValidRawRows): Int32Array {
  const rows: number[] = [];
  for (let row = 0; row < present.length; row++) if (present[row] === 1 && kept[row] === 0) rows.push(row);
  return Int32Array.from(rows);
}

/** @throws Failure `rounded-ids` if a key is a floating-point column with an id of more digits than it can represent */
async function refuseRoundedIds(computing: Computing): Promise<void> {
  const { database, layout, readPlan } = computing;
  for (const key of [readPlan.userKey, readPlan.itemKey]) {
    if (key === undefined) continue;
    for (const request of [key.inEvents, key.inFile]) {
      if (request === undefined) continue;
      const { role, name } = request.column;
      const { sql, types } = await computedQuery(computing, role, [request]);
      const limit = wholeNumberLimit(types[0]!);
      if (limit === undefined) continue;
      const [roundedRow] = await database.rows(
        `SELECT CAST(c0 AS VARCHAR) AS id FROM (${sql}) WHERE abs(c0) >= ${limit} AND isfinite(c0) LIMIT 1`,
      );
      const { path, span } = layout.sources.get(role)!.described;
      if (roundedRow) throw failure('rounded-ids', { path, name, id: String(roundedRow.id) }, span);
    }
  }
}

/** Maximum number of rows of one expression whose errors are looked up one by one. */
const maxLookups = 100;

/**
 * Deletes the rows on which some expression fails, and reports them. Throws a Failure if no row causes `problem`, the error of the query, or if an expression
 * cannot be computed row by row.
 */
async function dropFailingRows(computing: Computing, problem: unknown): Promise<BadRow[]> {
  const { database, layout, staged, readPlan } = computing;
  const bad: BadRow[] = [];
  const untried: BoundColumn[] = [];
  const where = layout.where;
  // Rows that `where` excludes need not be computed, so `where` itself comes first.
  const columns = columnsOfLayout(layout).filter(({ bare }) => bare === undefined);
  for (const column of where === undefined ? columns : [where, ...columns.filter((other) => other !== where)]) {
    const role = column.role;
    const relation = await relationOf(computing, column.scope);
    const isFiltered = role === 'events' && where !== undefined && where !== column;
    const from = `${relation.sql}${isFiltered ? await filterClause(computing, column.scope, relation.row) : ''}`;
    // TRY returns NULL if its argument fails; the struct distinguishes a failure from a NULL value.
    const failingRows = `SELECT CAST(row AS INTEGER) FROM (SELECT ${relation.row} AS row, TRY({'value': ${enclose(column.sql)}}) AS tried FROM ${from}) WHERE tried IS NULL`;
    const rows = await idsOf(database, failingRows).catch((error: unknown) => {
      database.rethrowUnlessSql(error);
      // TRY does not accept volatile functions such as `error` or `random`.
      untried.push(column);
      return new Int32Array();
    });
    const stagedTable = staged.get(role)!;
    for (const [rowIndex, row] of rows.entries()) {
      const rowQuery = `SELECT ${enclose(column.sql)} FROM ${relation.sql} WHERE ${relation.row} = ${row}`;
      const reason = rowIndex < maxLookups ? await messageOf(database, rowQuery) : 'its SQL cannot be computed';
      addBadRow(bad, badRow(stagedTable, row, column.name, reason));
    }
    if (rows.length > 0) await stagedTable.leaveOut(rows);
  }
  if (bad.length === 0)
    throw new Failure([sqlErrorDiagnostic(problem, spanOf(untried[0], readPlan.description), layout.sources)]);
  return bad;
}

function spanOf(column: BoundColumn | undefined, { columns, where, time, span }: DataDescription): Span {
  const entry = columns.find(({ name }) => name === column?.name);
  return entry?.span ?? { where, time }[column?.name ?? '']?.span ?? span;
}

async function messageOf(database: Database, query: string): Promise<string> {
  try {
    await database.rows(query);
    return 'its SQL cannot be computed';
  } catch (error) {
    database.rethrowUnlessSql(error);
    return sqlReason(error).replace(/ when casting from source column .*/, '');
  }
}

// Numbers the distinct texts of columns that share a dictionary, in tables of the database and in lists.

/** Numbers the distinct texts of every dictionary, in the order of their bytes. @throws Failure `dictionary-too-large` */
export async function makeDictionaries(computing: StagedColumns): Promise<Dictionaries> {
  const { database, staged } = computing;
  const dictionaries = new Map<string, Texts>();
  for (const [name, sources] of await textsOfAll(computing)) {
    await fillTable(database, name, sources, staged);
    dictionaries.set(name, await valuesOf(database, name));
  }
  return dictionaries;
}

type StagedColumns = BoundTables & Pick<Computing, 'readPlan' | 'staged'>;

interface TextQuery {
  readonly role: Role;
  readonly select: string;
}

async function textsOfAll(computing: StagedColumns): Promise<ReadonlyMap<string, readonly TextQuery[]>> {
  const queriesByDictionary = new Map<string, TextQuery[]>();
  for (const [role, columns] of computing.readPlan.columns) {
    const { sql, types } = await computedQuery(computing, role, columns);
    for (const [index, { dictionary, form }] of columns.entries()) {
      if (dictionary === undefined) continue;
      const type = types[index]!;
      const select =
        form === 'code'
          ? `SELECT ${castToText(`c${index}`, type)} AS value FROM (${sql})`
          : `SELECT ${castToText('element', elementOf(type))} AS value FROM (SELECT unnest(c${index}) AS element FROM (${sql}))`;
      appendToList(queriesByDictionary, dictionary, { role, select });
    }
  }
  return queriesByDictionary;
}

/** Adds the new texts of each part. Grouping all rows at once would spill them to temporary files, because few texts repeat within the rows in memory. */
async function fillTable(
  database: Database,
  name: string,
  sources: readonly TextQuery[],
  staged: ReadonlyMap<Role, StagedTable>,
): Promise<void> {
  await database.run(`CREATE OR REPLACE TEMP TABLE ${partsTable} (value VARCHAR)`);
  for (const { role, select } of sources) {
    const add = (): Promise<void> =>
      database.run(
        `INSERT INTO ${partsTable} SELECT value FROM (SELECT value FROM (${select}) WHERE value <> '' GROUP BY value) AS part
         ANTI JOIN ${partsTable} USING (value)`,
      );
    await inParts(staged.get(role)!, add);
  }
  await database.run(
    `CREATE OR REPLACE TEMP TABLE ${dictionaryTable(name)} AS SELECT value FROM ${partsTable} ORDER BY value`,
  );
  await database.run(`DROP TABLE ${partsTable}`);
}

const partsTable = '"texts of all parts"';

async function inParts(staged: StagedTable, onPart: () => Promise<void>): Promise<void> {
  const { inPlace, rows } = staged;
  if (inPlace === undefined) return onPart();
  const { atOnce, focus } = inPlace;
  for (let firstRow = 0; firstRow < rows; firstRow += atOnce) {
    await focus({ first: firstRow, count: Math.min(atOnce, rows - firstRow) });
    await onPart();
  }
  await focus();
}

/** Returns the texts as bytes from the database: tens of millions of texts would otherwise become as many objects. */
async function valuesOf(database: Database, name: string): Promise<Texts> {
  const sizeSql = `SELECT CAST(count(*) AS DOUBLE) AS texts, CAST(coalesce(sum(strlen(value)), 0) AS DOUBLE) AS bytes`;
  const [row] = await database.rows(`${sizeSql} FROM ${dictionaryTable(name)}`);
  const { texts, bytes } = row as { readonly texts: number; readonly bytes: number };
  const maxBytes = maxTextBytes();
  if (bytes > maxBytes) throw failure('dictionary-too-large', { name, bytes, most: maxBytes });
  const textsWriter = new TextsWriter(texts + 1, bytes);
  textsWriter.add('');
  await database.stream(`SELECT encode(value) FROM ${dictionaryTable(name)} ORDER BY rowid`, (chunk) =>
    addBlobs(chunk, 0, textsWriter),
  );
  return textsWriter.texts();
}

// Finds ids that look alike: they differ only in invisible blanks around them, or in how their letters are composed.

/** Returns a warning for each key with ids that look alike. */
const warningsOfIds = ({ userKey, itemKey, layout }: ReadPlan, dictionaries: Dictionaries): Diagnostic[] =>
  [userKey, itemKey].flatMap((key) => {
    if (key === undefined) return [];
    const { column, dictionary } = key.inEvents;
    const ids = lookAlikes(dictionaries.get(dictionary!)!);
    const { span } = layout.sources.get(column.role)!.described;
    return ids ? [diagnose('ids-look-alike', span, { name: column.name, ...ids })] : [];
  });

const blanks = String.raw`[ \t\r\n\u00a0\u200b\u2060\ufeff]+`;
const outerBlanks = new RegExp(`^${blanks}|${blanks}$`, 'g');
const plainForm = (text: string): string => text.normalize('NFC').replace(outerBlanks, '');

/** Returns the first group of ids with one plain form, and the number of groups. */
function lookAlikes(ids: Texts) {
  const texts = packTexts(ids);
  const groups = new Map<string, number[]>();
  for (let index = 0; index < texts.length; index++) {
    const [from, end] = [texts.startOf(index), texts.ends[index]!];
    if (!mayDiffer(texts.bytes, from, end)) continue;
    const text = texts.at(index)!;
    const plain = plainForm(text);
    if (plain !== text) appendToList(groups, plain, index);
  }
  if (groups.size === 0) return undefined;
  const table = keyTableOf(texts);
  for (const [plain, group] of groups) if (table.rowOf(plain) >= 0) group.push(table.rowOf(plain));
  // Texts of a dictionary are in the order of their bytes.
  const groupsOfIndexes = [...groups.values()]
    .filter(({ length }) => length > 1)
    .map((group) => group.sort((a, b) => a - b));
  const firstGroup = groupsOfIndexes.sort(([a], [b]) => a! - b!)[0];
  if (firstGroup === undefined) return undefined;
  const [first, second] = [texts.at(firstGroup[0]!)!, texts.at(firstGroup.at(-1)!)!];
  const isBlank = first.normalize('NFC') !== second.normalize('NFC');
  return { first, second, count: groupsOfIndexes.length, differ: isBlank ? 'blanks' : 'letters' } as const;
}

/** False for a text of ASCII without a blank at its ends, as most ids are. */
function mayDiffer(bytes: Uint8Array, from: number, end: number): boolean {
  if (from === end) return false;
  if (bytes[from]! <= 0x20 || bytes[end - 1]! <= 0x20) return true;
  for (let index = from; index < end; index++) if (bytes[index]! >= 0x80) return true;
  return false;
}
