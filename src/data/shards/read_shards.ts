/** Reads data whose training rows may be in shards: decides where rows are stored, opens existing shards, and runs the first pass. */

import { failure } from '../../base/diagnostics/diagnostic.ts';
import { isSameJson } from '../../base/util/objects.ts';
import type { ColumnRequest, ReadPlan } from '../binding/data_layout.ts';
import { countedColumns } from '../columns/grown_encodings.ts';
import { type Dataset, rowsOf } from '../dataset.ts';
import type { Database } from '../files/duckdb.ts';
import { castToText, elementOf } from '../files/duckdb.ts';
import type { FeatureFile } from '../files/feature_files.ts';
import { addBadRow, type BadRow } from '../files/find_files.ts';
import { giveBack } from '../files/give_back.ts';
import { processMemory } from '../files/query_guard.ts';
import type { Pinned } from '../pinned.ts';
import { partsOfFiles } from '../rows/split.ts';
import { computedQuery } from '../rows/staged_tables.ts';
import { type Computing, computed, settle, validFiles } from '../rows/valid_files.ts';
import { eventBasisOf } from '../written/event_files.ts';
import type { FirstPassResult, ScatteredRows, ShardingInput } from './first_pass.ts';
import {
  bytesInMemory,
  partitionsFor,
  rawBytes,
  refuseLargeTables,
  roomForTables,
  rowsAtOnce,
  shareOf,
} from './memory_shares.ts';
import { partitionName } from './partition_source.ts';
import type { ShardRequest, TableRow } from './request.ts';
import { scatterRows } from './scatter.ts';
import { ShardWriter } from './shard_files.ts';
import { type LayoutFilter, openNamed, openShards, shardsName, sourceHash } from './shard_store.ts';
import { canGoOn, leavePartial, makePartial, Passes, removePartial } from './unfinished.ts';
import { writeShards } from './write_shards.ts';

interface SizeEstimate {
  readonly rows: number;
  /** Bytes of an event as it is read from the database. */
  readonly row: number;
  /** Bytes of the tables, of their keys and of a step. */
  readonly tables: number;
}

/** Bytes of a key of a table: its text in the vocabulary and among the users or items, and where its events are. Measured: 55. */
const keyBytes = 56;

async function estimate(request: ShardRequest, computing: Computing): Promise<SizeEstimate> {
  const { database, readPlan, staged } = computing;
  const columns = readPlan.columns.get('events')!;
  const lists = columns.filter(({ form }) => form === 'codes' || form === 'numbers');
  const listLengths = await queryOr(
    database,
    () => averageLengths(computing, lists),
    lists.map(() => 16),
  );
  const eventBytes = rawBytes(columns, (column) => listLengths[lists.indexOf(column)]!);
  const rowsOfTables: TableRows[] = [];
  for (const { encoderOf } of request.tables ?? []) {
    const encoder = readPlan.needs.features.find(({ name }) => name === encoderOf)?.encoder;
    const hashed = encoder?.kind === 'hash' ? encoder.buckets : undefined;
    const rows = hashed ?? (await queryOr(database, () => estimateTexts(computing, encoderOf), 0));
    rowsOfTables.push({ rows, hasKeys: hashed === undefined });
  }
  return { rows: staged.get('events')!.rows, row: eventBytes, tables: tableBytes(request, rowsOfTables) };
}

/** Returns `otherwise` if an expression fails on some rows, because the error is reported later together with these rows. */
const queryOr = <T>(database: Database, query: () => Promise<T>, otherwise: T): Promise<T> =>
  query().catch((error: unknown) => {
    database.rethrowUnlessSql(error);
    return otherwise;
  });

async function averageLengths(computing: Computing, lists: readonly ColumnRequest[]): Promise<readonly number[]> {
  if (lists.length === 0) return [];
  const { sql } = await computedQuery(computing, 'events', lists);
  const lengthColumns = lists.map((_, index) => `coalesce(avg(len(c${index})), 0) AS l${index}`).join(', ');
  const [row] = await computing.database.rows(`SELECT ${lengthColumns} FROM (${sql})`);
  return lists.map((_, index) => Number(row![`l${index}`]));
}

/** Estimates the number of texts in a dictionary as that of its largest column. */
async function estimateTexts(computing: Computing, dictionary: string): Promise<number> {
  let maxTexts = 0;
  for (const [role, columns] of computing.readPlan.columns) {
    for (const column of columns) {
      if (column.dictionary !== dictionary) continue;
      const { sql, types } = await computedQuery(computing, role, [column]);
      const value = column.form === 'code' ? 'c0' : 'unnest(c0)';
      const type = column.form === 'code' ? types[0]! : elementOf(types[0]!);
      const [row] = await computing.database.rows(
        `SELECT approx_count_distinct(${castToText('value', type)}) AS texts FROM (SELECT ${value} AS value FROM (${sql}))`,
      );
      maxTexts = Math.max(maxTexts, Number(row!.texts));
    }
  }
  return maxTexts;
}

interface ShardSource {
  readonly readPlan: ReadPlan;
  readonly files: ReadonlyMap<string, FeatureFile>;
  readonly options: { readonly signal?: AbortSignal; readonly pinned?: Pinned };
}

interface ShardKey {
  readonly key: string;
  /** The run that is read again or continued. Absent: encodings are learned from the training part. */
  readonly pinned?: Pinned;
}

/** Files that are still those of the training have the shards of the training. Others have shards of their own, with the encodings of the run. */
function keyFor(request: ShardRequest, { readPlan, options }: ShardSource): ShardKey {
  const { trainedFrom, when, continues } = request;
  const key = sourceHash(readPlan, request);
  const { pinned } = options;
  if (pinned === undefined) return { key };
  const isTrained = typeof when !== 'object' || shardsName(key, when) === trainedFrom;
  if (isTrained) return { key, ...(continues ? { pinned } : {}) };
  return { key: sourceHash(readPlan, request, trainedFrom), pinned };
}

/** Accepts shards that were made with the same memory and sizes, which lead to the same layout; or that have the given layout. */
const wantsOf =
  ({ when, memory, sizes }: ShardRequest): LayoutFilter =>
  (layout, manifest) =>
    typeof when === 'object'
      ? isSameJson(layout, when)
      : manifest?.memory === memory && isSameJson(manifest.sizes, sizes);

/**
 * Opens existing shards of the same data and plan; undefined if there are none. Every run from them has the same encodings, even if the data is given
 * again. @throws Failure `shards-damaged`, `shards-memory`
 */
export async function openKnownShards(request: ShardRequest, bound: ShardSource): Promise<Dataset | undefined> {
  const { when, folder, memory, onPass, onDecision } = request;
  const { pinned } = bound.options;
  if (when === 'never') return undefined;
  const { key } = keyFor(request, bound);
  const dataset = await openShards(folder, key, wantsOf(request), { onPass, signal: bound.options.signal });
  if (!dataset) return undefined;
  if (pinned?.grows && !dataset.admissions && countedColumns(bound.readPlan).length > 0) return undefined;
  if (typeof when !== 'object') {
    const rowsOfTables = (request.tables ?? []).map(({ encoderOf }): TableRows => {
      const encoding = dataset.encodings.get(encoderOf)!;
      return { rows: rowsOf(encoding), hasKeys: 'values' in encoding };
    });
    refuseLargeTables(memory, tableBytes(request, rowsOfTables));
  }
  onDecision?.({ rows: 'shards', memory, folder: dataset.shards.folder, reused: true });
  return dataset;
}

interface TableRows {
  readonly rows: number;
  /** True if a vocabulary gives the rows. */
  readonly hasKeys: boolean;
}

/** Returns the bytes of tables and their keys; and of a step, or of the vectors of a validation if they take more. */
function tableBytes({ tables = [], step = 0 }: ShardRequest, rowsOfTables: readonly TableRows[]): number {
  const sumOf = (bytes: (table: TableRow, hasKeys: boolean) => number): number =>
    tables.reduce((sum, table, index) => {
      const { rows, hasKeys } = rowsOfTables[index]!;
      return sum + rows * bytes(table, hasKeys);
    }, 0);
  return (
    sumOf(({ rowBytes }, hasKeys) => rowBytes + (hasKeys ? keyBytes : 0)) +
    Math.max(
      step,
      sumOf(({ vectorBytes = 0 }) => vectorBytes),
    )
  );
}

/** Opens shards that another worker has opened or written, by the name of their folder. @throws Failure `shards-missing`, `shards-damaged` */
export async function openSharedShards(
  { folder, memory, onPass, onDecision }: Pick<ShardRequest, 'folder' | 'memory' | 'onPass' | 'onDecision'>,
  name: string,
  signal?: AbortSignal,
): Promise<Dataset> {
  const dataset = await openNamed(folder, name, { onPass, signal });
  onDecision?.({ rows: 'shards', memory, folder: dataset.shards.folder, reused: true });
  return dataset;
}

/** Returns the bytes of an event if the training rows do not fit in memory; otherwise undefined. @throws Failure `shards-unsupported`, `shards-memory` */
export async function bytesForShards(
  request: ShardRequest,
  computing: Computing & ShardSource,
): Promise<number | undefined> {
  const { when, memory, isSet, onDecision } = request;
  const { rows, row, tables } = await estimate(request, computing);
  const databaseBytes = Math.min(rows * row, shareOf(memory, 'database'));
  const rowBytes = processMemory + bytesInMemory(rows, row, computing.readPlan) + databaseBytes;
  const needed = rowBytes + tables;
  const isForced = when === 'always' || typeof when === 'object';
  // If the tables alone are too large, shards do not help: training reports which tables do not fit, or continues.
  const fits = needed <= memory || (!isSet && rowBytes <= memory && tables > roomForTables(memory));
  if (when === 'never' || (!isForced && fits)) {
    onDecision?.({ rows: 'memory', needed, memory });
    return undefined;
  }
  const unsupportedReason = request.unsupported ?? unsupportedHistory(computing);
  if (unsupportedReason !== undefined)
    throw failure('shards-unsupported', { what: unsupportedReason, memory, ...(isForced ? {} : { needed }) });
  refuseLargeTables(memory, tables);
  onDecision?.({ rows: 'shards', needed, memory, folder: request.folder });
  return row;
}

/** Returns words for a history of lists that the events themselves have, which differ between partitions; undefined if there is none. */
function unsupportedHistory({ readPlan }: Computing): string | undefined {
  const ownLists = readPlan.needs.features.find((feature) => {
    const historyColumn = readPlan.histories.get(feature.name);
    return feature.each && historyColumn?.column.role === 'events' && historyColumn.form !== 'code';
  });
  return ownLists && `the history \`${ownLists.name}\` of lists that events have`;
}

/** Resumes the second pass over the partitions of a stopped command; undefined if there are none. It needs no database. */
export async function resumePasses(
  request: ShardRequest,
  bound: ShardSource,
): Promise<(() => Promise<Dataset>) | undefined> {
  const { readPlan, files: featureFiles, options } = bound;
  if (request.when === 'never') return undefined;
  const { key, pinned } = keyFor(request, bound);
  const unfinishedPasses = await Passes.resume(request, key, readPlan);
  if (!unfinishedPasses) return undefined;
  const { passes, firstPass } = unfinishedPasses;
  const continues = { done: passes.done, of: passes.partitions };
  request.onDecision?.({ rows: 'shards', memory: request.memory, folder: request.folder, continues });
  return secondPass({ readPlan, featureFiles, request, signal: options.signal, pinned }, firstPass, passes);
}

export async function scatterToPartitions(
  request: ShardRequest,
  computing: Computing & ShardSource,
  eventBytes: number,
): Promise<() => Promise<Dataset>> {
  const { readPlan, options, files: featureFiles } = computing;
  const { signal } = options;
  const { folder } = request;
  const { key, pinned } = keyFor(request, computing);
  const partitions = partitionsOf(request, computing, eventBytes);
  const partial = await makePartial(folder, key);
  const firstPass = async () => {
    await makePartial(folder, key);
    return scatterInto(partial, request, computing, { partitions, eventBytes });
  };
  try {
    const { rows, bad } = await computed(computing, firstPass);
    for (const row of bad) addBadRow(computing.bad, row);
    const rejected = await settle(computing, rows.scattered.rows > 0);
    const firstResult = { ...rows, partial, key, rejected };
    const passes = await Passes.begin(request, firstResult, readPlan);
    return secondPass({ readPlan, featureFiles, request, signal, pinned }, firstResult, passes);
  } catch (error) {
    removePartial(partial);
    throw error;
  }
}

/** Returns the number of partitions for these rows. @param eventBytes bytes of an event as it is read from the database */
function partitionsOf({ when, sizes, memory }: ShardRequest, { staged }: Computing, eventBytes: number): number {
  if (typeof when === 'object') return when.buckets;
  return sizes?.buckets ?? partitionsFor(memory, staged.get('events')!.rows, eventBytes);
}

/** Writes the valid events that this process reads to a file for each partition in `folder`. */
async function scatterInto(
  folder: string,
  { memory, sizes, onPass }: ShardRequest,
  computing: Computing & ShardSource,
  { partitions, eventBytes }: { readonly partitions: number; readonly eventBytes: number },
): Promise<{ readonly rows: ScatteredRows; readonly bad: readonly BadRow[] }> {
  const { readPlan, database, options } = computing;
  const events = computing.staged.get('events')!;
  const names = Array.from({ length: partitions }, (_, index) => partitionName(index));
  const writer = ShardWriter.create(folder, names, 'crc32');
  const { dictionaries, context, files } = await validFiles(computing);
  const { bad, ...scattered } = await scatterRows({
    ...{ tables: computing, readPlan, staged: events, context, dictionaries, writer, partitions, onPass },
    ...{ signal: options.signal, atOnce: sizes?.atOnce ?? rowsAtOnce(memory, eventBytes) },
  });
  const eventBasis = await eventBasisOf(database, readPlan.layout);
  const joinedFiles = { dictionaries, ...files, partsOfFiles: partsOfFiles(events), eventBasis };
  return { rows: { scattered, ...joinedFiles, files: await writer.finish() }, bad };
}

/** Runs the second pass. If it is stopped, the finished work is kept for the same command. */
const secondPass = (input: ShardingInput, firstPass: FirstPassResult, passes: Passes) => async (): Promise<Dataset> => {
  try {
    return await writeShards(input, firstPass, passes);
  } catch (error) {
    if (!canGoOn(error)) removePartial(passes.partial);
    throw error;
  } finally {
    leavePartial(passes.partial);
    await giveBack();
  }
};
