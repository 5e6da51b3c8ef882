/** The work on staged tables that reading into memory and into shards share: joined files, failing expressions, rejected rows. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { Failure, failure } from '../diagnostics/failure.ts';
import type { DataDescription } from '../model/model.ts';
import { sqlFails } from './binding/binder.ts';
import type { ColumnRequest, ColumnRequests } from './binding/column_requests.ts';
import type { Layout } from './binding/layout.ts';
import type { Needs } from './binding/needs.ts';
import type { Rejected } from './dataset.ts';
import type { BadRow } from './files/bad_row.ts';
import type { Database } from './files/duckdb.ts';
import type { Role } from './files/files.ts';
import { checkIds } from './rows/check_ids.ts';
import { type Dictionaries, makeDictionaries } from './rows/dictionaries.ts';
import { dropFailingRows } from './rows/drop_failing_rows.ts';
import type { RawCodes } from './rows/raw.ts';
import { settleRejects } from './rows/rejects.ts';
import { verifyUnchanged } from './rows/stage.ts';
import type { Staged, StagedTable } from './rows/staged.ts';
import { readRows } from './rows/staged_tables.ts';
import type { ValidRawRows } from './rows/valid_rows.ts';
import { ABSENT, BAD, type JoinedRows, validateRows } from './rows/validate_rows.ts';

/** What expressions are computed with, over staged tables. */
export interface Computing {
  readonly database: Database;
  readonly layout: Layout;
  readonly description: DataDescription;
  readonly needs: Needs;
  readonly wanted: ColumnRequests;
  readonly staged: ReadonlyMap<Role, StagedTable>;
  /** Every invalid row that was found. */
  readonly bad: BadRow[];
  /** What is odd about the rows, and no mistake for sure. */
  readonly warnings: Diagnostic[];
  /** `folder`: where `rejected.jsonl` goes. */
  readonly options: {
    readonly folder?: string;
    readonly signal?: AbortSignal;
    readonly onWarning?: (warning: Diagnostic) => void;
  };
}

/** Computes; where an expression fails on some rows, they are dropped, and everything is computed again. */
export async function computed<T>(
  { database, layout, staged, description, bad }: Computing,
  compute: () => Promise<T>,
): Promise<T> {
  const value = await compute().catch(async (problem: unknown) => {
    database.passOn(problem);
    await settleInPlace(database, staged);
    bad.push(...(await dropFailingRows(database, layout, staged, description, problem)));
    return compute().catch((again: unknown) => {
      database.passOn(again);
      throw new Failure([sqlFails(again, description.span, layout.sources)]);
    });
  });
  await settleInPlace(database, staged);
  return value;
}

/** Views have all rows again. @throws Failure `data-file-changed`, where a file is another than the one that was read before */
async function settleInPlace(database: Database, staged: ReadonlyMap<Role, StagedTable>): Promise<void> {
  for (const { source, inPlace } of staged.values()) {
    if (inPlace === undefined) continue;
    await verifyUnchanged(database, source);
    await inPlace.focus();
  }
}

/** @throws Failure where too many rows are invalid, and `no-rows` */
export async function settle(
  { database, bad, warnings, staged, description, options }: Computing,
  hasRows: boolean,
): Promise<Rejected> {
  const rejected = await settleRejects(database, bad, [...staged.values()], description, options.folder).catch(
    (error) => {
      // They may say why.
      throw error instanceof Failure ? new Failure([...error.diagnostics, ...warnings]) : error;
    },
  );
  for (const warning of warnings) options.onWarning?.(warning);
  if (hasRows) return rejected;
  const filtered = description.where !== undefined && staged.get('events')!.rows > 0;
  throw failure('no-rows', { path: description.events.path, filtered }, description.events.span);
}

export interface ValidFiles {
  readonly dictionaries: Dictionaries;
  readonly joined: JoinedRows;
  readonly files: { readonly items?: ValidRawRows; readonly users?: ValidRawRows };
}

/**
 * The rows of joined files, with a mark on the valid ones. Deletes the others from their table. They come before the events: a key of an
 * event must be in them.
 */
export async function validFiles(computing: Computing): Promise<ValidFiles> {
  const { database, layout, wanted, staged } = computing;
  const dictionaries = await makeDictionaries(database, wanted, layout, staged);
  computing.warnings.splice(0, Number.POSITIVE_INFINITY, ...(await checkIds(database, wanted, layout)));
  const joined: { items?: Int32Array; users?: Int32Array } = {};
  const files: { items?: ValidRawRows; users?: ValidRawRows } = {};
  for (const role of ['items', 'users'] as const) {
    const source = staged.get(role);
    const key = (role === 'items' ? wanted.itemKey : wanted.userKey)?.inFile;
    if (source === undefined || key === undefined) continue;
    const rows = await validate(computing, source, dictionaries, {});
    const out = dropped(rows);
    if (out.length > 0) await source.leaveOut(out);
    joined[role] = rowsByKey(rows, key, dictionaries.get(key.dictionary!)!.length, source.broken.length > 0);
    files[role] = rows;
  }
  return { dictionaries, joined, files };
}

/** All rows of a file. */
export async function validate(
  { database, layout, wanted, needs, bad }: Computing,
  source: Staged,
  dictionaries: Dictionaries,
  joined: JoinedRows,
): Promise<ValidRawRows> {
  const raw = await readRows(database, source, wanted.columns.get(source.source.role)!, layout);
  const plans = needs.features;
  const found = await validateRows(database, { raw, staged: source, wanted, layout, plans, dictionaries, joined });
  bad.push(...found.bad);
  return { ...raw, kept: found.kept };
}

/** The row of each key of a joined file, by dictionary code; `ABSENT` or `BAD` where it has no valid one. */
function rowsByKey(file: ValidRawRows, key: ColumnRequest, codes: number, hasBroken: boolean): Int32Array {
  // Which keys the records have that could not be read is not known.
  const rows = new Int32Array(codes).fill(hasBroken ? BAD : ABSENT);
  const { values } = file.columns.get(key) as RawCodes;
  for (const row of dropped(file)) rows[values[row]!] = BAD;
  for (let row = 0; row < file.rows; row++) if (file.kept[row] === 1) rows[values[row]!] = row;
  return rows;
}

/** Rows that are present and not valid. */
function dropped({ present, kept }: ValidRawRows): number[] {
  const rows: number[] = [];
  for (let row = 0; row < present.length; row++) if (present[row] === 1 && kept[row] === 0) rows.push(row);
  return rows;
}
