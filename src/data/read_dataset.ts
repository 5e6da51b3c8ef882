/** Reads a data block into a data set: files are staged, computed, validated, ordered, split, and encoded. */
import { type Diagnostic, failure } from '../base/diagnostics/diagnostic.ts';
import type { DataDescription } from '../graph/plan/data_description.ts';
import { type BindOptions, type BoundData, withBoundDatabase } from './binding/bind.ts';
import { makeReadPlan, type Needs, type ReadPlan } from './binding/data_layout.ts';
import { assemble } from './columns/assemble.ts';
import { readFirstValues } from './columns/fit_encoders.ts';
import { sentencesOfVectors } from './columns/protocol.ts';
import type { AsOf, Dataset } from './dataset.ts';
import type { Database } from './files/duckdb.ts';
import type { Role } from './files/find_files.ts';
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
