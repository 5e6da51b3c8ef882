/** From a data block to a data set: files are staged, computed, validated, ordered, split, and encoded. */
import { defined } from '../defined.ts';
import { Failure, failure } from '../diagnostics/failure.ts';
import type { DataDescription } from '../model/model.ts';
import type { BindOptions, BoundData } from './binding/bind.ts';
import { sqlFails } from './binding/binder.ts';
import { type ColumnRequest, type ColumnRequests, columnRequests } from './binding/column_requests.ts';
import type { Layout } from './binding/layout.ts';
import type { Needs } from './binding/needs.ts';
import { withBoundDatabase } from './bound_database.ts';
import { assemble } from './columns/assemble.ts';
import { readFirstValues } from './columns/first_values.ts';
import type { Dataset } from './dataset.ts';
import type { BadRow } from './files/bad_row.ts';
import type { Database } from './files/duckdb.ts';
import type { Role } from './files/files.ts';
import type { Pinned } from './pinned.ts';
import { sentencesOfVectors } from './protocol.ts';
import { dropFailingRows } from './rows/drop_failing_rows.ts';
import { ascends } from './rows/gather.ts';
import type { RawCodes, RawNumbers } from './rows/raw.ts';
import { settleRejects } from './rows/rejects.ts';
import { parts } from './rows/split.ts';
import { type Staged, stage } from './rows/stage.ts';
import { makeDictionaries, readRows, timeOrder } from './rows/staged_tables.ts';
import type { ValidRawRows, ValidRows } from './rows/valid_rows.ts';
import { ABSENT, BAD, type JoinedRows, validateRows } from './rows/validate_rows.ts';

export interface ReadOptions extends BindOptions {
  /** Where `rejected.jsonl` goes when rows are bad; without it they are counted only. */
  readonly folder?: string;
  /** Encodings of a run that is there already. Absent: they are learned from the training part. */
  readonly pinned?: Pinned;
}

/**
 * Reads the data that `needs` (a `Plan`, or part of one) asks for. Throws Failure, with places in the data block, for whatever is
 * wrong with the block, its files or too many of their rows.
 */
export function readDataset(description: DataDescription, needs: Needs, options: ReadOptions = {}): Promise<Dataset> {
  return withBoundDatabase(description, needs, options, (database, { layout, files }) =>
    read(database, layout, files, description, needs, options),
  );
}

async function read(
  database: Database,
  layout: Layout,
  files: BoundData['files'],
  description: DataDescription,
  needs: Needs,
  options: ReadOptions,
): Promise<Dataset> {
  const staged = new Map<Role, Staged>();
  for (const source of layout.sources.values()) {
    staged.set(source.role, await stage(database, source, layout, options.signal));
  }
  // All that an expression may read is in the database now.
  await database.seal();
  const bad = [...staged.values()].flatMap(({ broken }) => broken);
  const wanted = columnRequests(layout, needs);

  const compute = () => validRows(database, layout, wanted, needs, staged, bad, description);
  const rows = await compute().catch(async (problem: unknown) => {
    database.passOn(problem);
    bad.push(...(await dropFailingRows(database, layout, staged, description, problem)));
    return compute().catch((again: unknown) => {
      database.passOn(again);
      throw new Failure([sqlFails(again, description.span, layout.sources)]);
    });
  });
  const rejected = await settleRejects(bad, [...staged.values()], description, options.folder);
  if (!rows.events.kept.includes(1)) {
    const filtered = description.where !== undefined && staged.get('events')!.rows > 0;
    throw failure('no-rows', { path: description.events.path, filtered }, description.events.span);
  }
  const { pinned } = options;
  const dataset = assemble({ description, needs, layout, files, wanted, good: rows, ...defined({ pinned }) });
  const firstValues = await readFirstValues(files, dataset.encodings);
  const protocol = [...dataset.protocol, ...sentencesOfVectors(firstValues, needs, dataset.encodings)];
  return { ...dataset, protocol, ...defined({ firstValues }), rejected };
}

/**
 * All rows, with a mark on the valid ones. Reports the others to `bad`, and deletes those of joined files from their table. The
 * joined files come first: a key of an event must be in them.
 */
async function validRows(
  database: Database,
  layout: Layout,
  wanted: ColumnRequests,
  needs: Needs,
  staged: ReadonlyMap<Role, Staged>,
  bad: BadRow[],
  description: DataDescription,
): Promise<ValidRows> {
  const dictionaries = await makeDictionaries(database, wanted, layout);
  const validate = async (source: Staged, joined: JoinedRows): Promise<ValidRawRows> => {
    const raw = await readRows(database, source, wanted.columns.get(source.source.role)!, layout);
    const plans = needs.features;
    const found = await validateRows(database, { raw, staged: source, wanted, layout, plans, dictionaries, joined });
    bad.push(...found.bad);
    return { ...raw, kept: found.kept };
  };
  const joined: { items?: Int32Array; users?: Int32Array } = {};
  const files: { items?: ValidRawRows; users?: ValidRawRows } = {};
  for (const role of ['items', 'users'] as const) {
    const source = staged.get(role);
    const key = (role === 'items' ? wanted.itemKey : wanted.userKey)?.inFile;
    if (source === undefined || key === undefined) continue;
    const rows = await validate(source, {});
    const out = dropped(rows);
    if (out.length > 0) await database.run(`DELETE FROM ${role} WHERE rowid IN (${out.join(', ')})`);
    joined[role] = rowsByKey(rows, key, dictionaries.get(key.dictionary!)!.length, source.broken.length > 0);
    files[role] = rows;
  }
  const events = await validate(staged.get('events')!, joined);
  const { time } = wanted;
  const sorted = time === undefined || ascends((events.columns.get(time) as RawNumbers).values, events.kept);
  const folds = foldsOf(staged.get('events')!, description);
  return {
    dictionaries,
    events,
    ...defined({ folds }),
    ...(sorted ? {} : { timeOrder: await timeOrder(database, time, events.rows, layout) }),
    ...files,
  };
}

/** The part of the file that each event is in, as its place in `parts`. */
function foldsOf({ files, rows }: Staged, { split }: DataDescription): Uint8Array | undefined {
  if (split.kind !== 'files') return undefined;
  const folds = new Uint8Array(rows);
  for (const { file, first, rows: count } of files)
    folds.fill(parts.indexOf(file.part ?? 'train'), first, first + count);
  return folds;
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
