/** From a data block to a data set: files are staged, computed, sifted, ordered, split, and encoded. */
import { Failure, failure } from '../diagnostics/failure.ts';
import type { DataDescription } from '../model/model.ts';
import { type BindOptions, bindData } from './binding/bind.ts';
import { sqlFails } from './binding/binder.ts';
import { type ColumnRequests, columnRequests } from './binding/column_requests.ts';
import type { Layout } from './binding/layout.ts';
import type { Needs } from './binding/needs.ts';
import { assemble } from './columns/assemble.ts';
import type { Dataset } from './dataset.ts';
import type { BadRow } from './files/bad_row.ts';
import { type Database, openDatabase } from './files/duckdb.ts';
import type { Role } from './files/files.ts';
import { dropFailingRows } from './rows/drop_failing_rows.ts';
import { ascends } from './rows/gather.ts';
import type { RawCodes, RawNumbers } from './rows/raw.ts';
import { settleRejects } from './rows/rejects.ts';
import { type Staged, stage } from './rows/stage.ts';
import { makeDictionaries, readRows, timeOrder } from './rows/staged_tables.ts';
import type { ValidRawRows, ValidRows } from './rows/valid_rows.ts';
import { ABSENT, BAD, validateRows } from './rows/validate_rows.ts';

export interface ReadOptions extends BindOptions {
  /** Where `rejected.jsonl` goes when rows are bad; without it they are counted only. */
  readonly folder?: string;
}

/**
 * Reads the data that `needs` (a `Plan`, or part of one) asks for. Throws Failure, with places in the data block, for whatever is
 * wrong with the block, its files or too many of their rows.
 */
export async function readDataset(
  description: DataDescription,
  needs: Needs,
  options: ReadOptions = {},
): Promise<Dataset> {
  const bound = await bindData(description, needs, options);
  if (bound.output === undefined) throw new Failure(bound.diagnostics);
  const { layout, discard } = bound.output;
  try {
    const database = await openDatabase(options.signal);
    try {
      return await read(database, layout, description, needs, options);
    } finally {
      database.close();
    }
  } finally {
    discard();
  }
}

async function read(
  database: Database,
  layout: Layout,
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

  const compute = () => sifted(database, layout, wanted, needs, staged, bad);
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
  return { ...assemble({ description, needs, layout, wanted, good: rows }), rejected };
}

/** All rows, good ones marked, bad ones told to `bad` at once: those of joined files are gone from their table. The joined files first: a key of an event must be in them. */
async function sifted(
  database: Database,
  layout: Layout,
  wanted: ColumnRequests,
  needs: Needs,
  staged: ReadonlyMap<Role, Staged>,
  bad: BadRow[],
): Promise<ValidRows> {
  const dictionaries = await makeDictionaries(database, wanted, layout);
  const joined: { items?: Int32Array; users?: Int32Array } = {};
  const files: { items?: ValidRawRows; users?: ValidRawRows } = {};
  for (const role of ['items', 'users'] as const) {
    const source = staged.get(role);
    const key = role === 'items' ? wanted.itemKey : wanted.userKey;
    if (source === undefined || key?.inFile === undefined) continue;
    const raw = await readRows(database, source, wanted.columns.get(role)!, layout);
    const sieve = await validateRows(database, raw, source, wanted, layout, needs.features, dictionaries);
    bad.push(...sieve.bad);
    const out = dropped(raw.present, sieve.kept);
    if (out.length > 0) await database.run(`DELETE FROM ${role} WHERE rowid IN (${out.join(', ')})`);
    const rows = new Int32Array(dictionaries.get(key.inFile.dictionary!)!.length).fill(
      // Which keys the records have that could not be read is not known.
      source.broken.length > 0 ? BAD : ABSENT,
    );
    const { values } = raw.columns.get(key.inFile) as RawCodes;
    for (const row of out) rows[values[row]!] = BAD;
    for (let row = 0; row < raw.rows; row++) if (sieve.kept[row] === 1) rows[values[row]!] = row;
    joined[role] = rows;
    files[role] = { ...raw, kept: sieve.kept };
  }
  const source = staged.get('events')!;
  const raw = await readRows(database, source, wanted.columns.get('events')!, layout);
  const sieve = await validateRows(database, raw, source, wanted, layout, needs.features, dictionaries, joined);
  bad.push(...sieve.bad);
  const { time } = wanted;
  const sorted = time === undefined || ascends((raw.columns.get(time) as RawNumbers).values, sieve.kept);
  return {
    dictionaries,
    events: { ...raw, kept: sieve.kept },
    ...(sorted ? {} : { timeOrder: await timeOrder(database, time, raw.rows, layout) }),
    ...files,
  };
}

function dropped(present: Uint8Array, kept: Uint8Array): number[] {
  const rows: number[] = [];
  for (let row = 0; row < present.length; row++) if (present[row] === 1 && kept[row] === 0) rows.push(row);
  return rows;
}
