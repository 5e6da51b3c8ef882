/** Reads a data block into a data set: files are staged, computed, validated, ordered, split, and encoded. */

import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { type Diagnostic, diagnose, failure } from '../base/diagnostics/diagnostic.ts';
import { quoteText } from '../base/text/sql.ts';
import type { DataDescription, ModelSpans } from '../graph/plan/data_description.ts';
import { hasRowPerUser } from '../graph/plan/plan.ts';
import { type BindOptions, type BoundData, withBoundDatabase } from './binding/bind.ts';
import { makeReadPlan, type Needs, type ReadPlan } from './binding/data_layout.ts';
import { assemble } from './columns/assemble.ts';
import { readFirstValues } from './columns/fit_encoders.ts';
import { sentencesOfVectors } from './columns/protocol.ts';
import type { AsOf, BagColumn, Dataset, Events, IndexedBags } from './dataset.ts';
import { readers } from './files/data_source.ts';
import { Copies, type Database, failIfUnwritable, openDatabase } from './files/duckdb.ts';
import { findFiles, type InputFile, type Role } from './files/find_files.ts';
import { sampleBytes } from './files/records/scan_file.ts';
import { inStores } from './files/remote/stores.ts';
import type { Pinned } from './pinned.ts';
import type { Staged, StagedTable, ValidRows } from './rows/raw.ts';
import { parts } from './rows/split.ts';
import { stage } from './rows/stage.ts';
import { type Computing, computed, settle, validate, validFiles } from './rows/valid_files.ts';
import { refuseTooMany, shareOf } from './shards/memory_shares.ts';
import { bytesForShards, openKnownShards, resumePasses, scatterToPartitions } from './shards/read_shards.ts';
import type { ShardRequest } from './shards/request.ts';
import { eventBasisOf } from './written/event_files.ts';

export interface DatasetReadOptions extends BindOptions {
  /** The folder for `rejected.jsonl`. Without it bad rows are only counted. */
  readonly folder?: string;
  /** Called with suspicious facts about the rows that are no certain errors. */
  readonly onWarning?: (warning: Diagnostic) => void;
  /** The events that answers know. Default: those of all parts. With a time, the data block must have a time too. */
  readonly asOf?: AsOf;
  /** Encodings of an earlier run. Absent: they are learned from the training part. */
  readonly pinned?: Pinned;
  /** The memory, and the folder for training rows that do not fit in it. Absent: all rows are read into memory. */
  readonly shards?: ShardRequest;
}

/** Reads the data for `needs` (a `Plan`, or part of one). Throws a Failure for errors in the block or its files, and for too many bad rows. */
export async function readDataset(
  description: DataDescription,
  needs: Needs,
  options: DatasetReadOptions = {},
): Promise<Dataset> {
  const { shards, asOf } = options;
  if (asOf !== undefined && typeof shards?.when === 'object')
    throw failure('shards-unsupported', { what: '`--as-of`' });
  const memory = shards && shareOf(shards.memory, 'database');
  const loaded = await withBoundDatabase(description, needs, { ...options, memory }, async (database, bound) => {
    const readPlan = makeReadPlan(description, needs, bound.layout);
    const readContext: DatasetContext = { database, readPlan, files: bound.featureFiles, options };
    const stored =
      shards && ((await openKnownShards(shards, readContext)) ?? (await resumePasses(shards, readContext)));
    return stored || readFiles(readContext);
  });
  // The database is closed now, so its memory is free for the second pass.
  return typeof loaded === 'function' ? loaded() : loaded;
}

interface DatasetContext {
  readonly database: Database;
  readonly readPlan: ReadPlan;
  readonly files: BoundData['featureFiles'];
  readonly options: DatasetReadOptions;
}

/** Returns a data set, or a function for the second pass, which runs after the database is closed. */
async function readFiles(readContext: DatasetContext): Promise<Dataset | (() => Promise<Dataset>)> {
  const computing = await stageSources(readContext);
  const { database, readPlan, files, options } = computing;
  const { layout, needs } = readPlan;
  const { shards } = options;
  const eventBytes = shards && (await bytesForShards(shards, computing));
  if (eventBytes !== undefined) return scatterToPartitions(shards!, computing, eventBytes);
  const rows = await computed(computing, () => validRows(computing));
  const rejected = await settle(computing, rows.events.kept.includes(1));
  const { pinned, asOf } = options;
  const { itemElements, ...dataset } = assemble({ readPlan, files, good: rows, pinned, asOf });
  const eventBasis = { ...(await eventBasisOf(database, layout)), itemElements };
  const firstValues = await readFirstValues(files, dataset.encodings);
  const protocol = [...dataset.protocol, ...sentencesOfVectors(firstValues, needs, dataset.encodings)];
  return { ...dataset, protocol, eventBasis, firstValues, rejected };
}

/** Reads the files into tables of the database, or makes views of Parquet that is too large. */
async function stageSources(readContext: DatasetContext): Promise<Computing & DatasetContext> {
  const { database, readPlan, options } = readContext;
  const { layout } = readPlan;
  const staged = new Map<Role, StagedTable>();
  const { shards, signal } = options;
  const room = shards && (shards.sizes?.room ?? shareOf(shards.memory, 'database'));
  for (const source of layout.sources.values()) {
    // Each query reads joined files completely, so they always become tables.
    const stageOptions = source.role === 'events' ? { signal, room } : { signal };
    staged.set(source.role, await stage(database, source, layout, stageOptions));
  }
  refuseTooMany(staged.get('events')!.rows);
  // All columns of expressions are now in the database, or in files that are read in place.
  const inPlace = [...staged.values()]
    .filter((stagedTable) => stagedTable.inPlace !== undefined)
    .flatMap(({ files }) => files);
  // Stores may be read again, to check if a file has changed.
  const storeFiles = inStores([...layout.sources.values()].flatMap(({ files }) => files));
  await database.seal([...new Set([...inPlace.map(({ file }) => file.path), ...storeFiles.map(({ path }) => path)])]);
  const bad = [...staged.values()].flatMap(({ broken }) => broken);
  return { ...readContext, layout, staged, bad, warnings: [] };
}

async function validRows(computing: Computing): Promise<ValidRows> {
  const { staged, readPlan } = computing;
  const { dictionaries, context, files } = await validFiles(computing);
  const events = await validate(computing, staged.get('events')!, dictionaries, context);
  return { dictionaries, events, folds: foldsOf(staged.get('events')!, readPlan.description), ...files };
}

/** Returns the part of each event's file as an index in `parts`. */
function foldsOf({ files, rows }: Staged, { split }: DataDescription): Uint8Array | undefined {
  if (split.kind !== 'files') return undefined;
  const folds = new Uint8Array(rows);
  for (const { file, first, rows: count } of files)
    folds.fill(parts.indexOf(file.part ?? 'train'), first, first + count);
  return folds;
}

// Reads a sample of the events of a data block as a training reads all of them, so that what cannot be read is known within seconds.

/** Files up to this many bytes are read completely. */
const smallBytes = 4 << 20;
const maxRows = 40_000;

/** @throws Failure as `readDataset` */
export async function tryReading(
  description: DataDescription,
  needs: Needs,
  options: DatasetReadOptions = {},
): Promise<void> {
  const { access, signal } = options;
  const files = findFiles(description, access).output.find(({ role }) => role === 'events')?.files ?? [];
  const bytes = files.reduce((sum, { path }) => sum + statSync(path).size, 0);
  const copies = new Copies();
  try {
    const path = bytes > smallBytes ? await sampleIn(copies, files[0]!, signal) : undefined;
    if (path === undefined) await readDataset(description, needs, options);
    else
      await readDataset({ ...description, events: { ...description.events, path } }, needs, {
        ...options,
        access: { ...access, allow: [...(access?.allow ?? []), dirname(path)] },
      });
  } finally {
    copies.discard();
  }
}

/** Writes a sample of a file, and returns its path; undefined for an array of JSON, which has no pieces. */
async function sampleIn(copies: Copies, file: InputFile, signal?: AbortSignal): Promise<string | undefined> {
  const to = copies.pathOfCopy(file.path, extname(file.path.replace(/\.gz$/i, '')));
  const relation = file.kind === 'parquet' ? readers.parquet.relation : undefined;
  if (relation) {
    const database = await openDatabase(signal);
    try {
      const select = `SELECT * FROM ${relation(file.path)} LIMIT ${maxRows}`;
      await failIfUnwritable(to, () => database.run(`COPY (${select}) TO ${quoteText(to)} (FORMAT PARQUET)`));
    } finally {
      database.close();
    }
    return to;
  }
  const { pieces } = await sampleBytes(file);
  if (pieces[0]!.toString('latin1', 0, 64).trimStart().startsWith('[')) return undefined;
  const wholeLines = pieces.map((piece, index) => {
    const start = index === 0 ? 0 : piece.indexOf('\n') + 1;
    return piece.subarray(start, Math.max(start, piece.lastIndexOf('\n') + 1));
  });
  await failIfUnwritable(to, () => writeFile(to, wholeLines));
  return to;
}

// Warns about lists that tell a model nothing: histories without events, and lists of which no element is known.

interface ListCounts {
  readonly empty: number;
  /** True if a list has an element with a code other than that of unknown values. */
  readonly hasKnownElement: boolean;
}

/**
 * Reads the training events. If rows are in shards, one shard is read, whose rows are a random sample. If each row of a step is a user, it reads the histories
 * of validation instead: they are as long as those that answers will have. Returns at most one warning for each list.
 */
export async function listWarnings(
  { parts, shards }: Pick<Dataset, 'parts' | 'shards'>,
  { features, step }: Needs,
  { histories, events: { span: place } }: DataDescription,
  model?: ModelSpans,
): Promise<readonly Diagnostic[]> {
  if (!features.some(({ gives }) => gives === 'bag')) return [];
  const part = step && hasRowPerUser(step) && parts.validation.rows > 0 ? 'validation' : 'training';
  let events = part === 'training' ? parts.train : parts.validation;
  if (shards) events = await shards.read([0]);
  const heldOutParts = [parts.validation, parts.test];
  const warnings: Diagnostic[] = [];
  for (const { name, encoderOf, along } of features) {
    const { column, index } = events.features.get(name) ?? {};
    if (column?.kind !== 'bags' || column.inner || along !== undefined || events.rows === 0) continue;
    const counts = countLists(column, index, events.rows);
    const history = histories.find((candidate) => candidate.name === name);
    const givenItems = events.givenItems?.get(name);
    // These lists lack their unknown elements. `earlier` and `givenItems` have them, so they tell whether a list had any.
    const hasElements =
      counts.empty < events.rows ||
      (history
        ? heldOutParts.some((part) => isFilled(part.earlier, part))
        : !givenItems || isFilled(givenItems, events));
    const span = history?.span ?? model?.features.get(name)?.span ?? place;
    if (!counts.hasKnownElement && encoderOf !== name && hasElements)
      warnings.push(diagnose('unknown-elements', span, { name, owner: encoderOf }));
    else if (history && counts.empty > events.rows / 2)
      warnings.push(
        diagnose('empty-histories', span, { name, kind: history.kind, share: counts.empty / events.rows, part }),
      );
  }
  return warnings;
}

function countLists({ starts, ends, values }: BagColumn, index: Int32Array | undefined, rows: number): ListCounts {
  let empty = 0;
  let hasKnownElement = false;
  for (let row = 0; row < rows; row++) {
    const bag = index ? index[row]! : row;
    if (starts[bag] === ends[bag]) empty++;
    for (let index = starts[bag]!; index < ends[bag]! && !hasKnownElement; index++)
      hasKnownElement = values[index]! > 0;
  }
  return { empty, hasKnownElement };
}

function isFilled(of: IndexedBags | undefined, { rows }: Events): boolean {
  if (!of) return false;
  const { bags, index } = of;
  for (let row = 0; row < rows; row++) {
    const bag = index ? index[row]! : row;
    if (bags.starts[bag] !== bags.ends[bag]) return true;
  }
  return false;
}
