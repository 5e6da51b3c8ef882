/** Reading data whose training rows may be in shards: where they go, shards that are there already, and the first pass. */
import { isDeepStrictEqual } from 'node:util';
import { failure } from '../../diagnostics/failure.ts';
import type { DataDescription } from '../../model/model.ts';
import { columnRequests } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import type { Needs } from '../binding/needs.ts';
import { type Dataset, rowsOf } from '../dataset.ts';
import type { FeatureFile } from '../files/feature_files.ts';
import type { Pinned } from '../pinned.ts';
import { partsOfFiles } from '../rows/split.ts';
import { type Computing, computed, settle, validFiles } from '../valid_files.ts';
import { bucketName } from './bucket_source.ts';
import { estimate } from './estimate.ts';
import type { Buckets, ToWrite } from './first_pass.ts';
import { bucketsFor, bytesInMemory, refuseLargeTables, roomForTables, rowsAtOnce, shareOf } from './layout.ts';
import { keyOf } from './manifest.ts';
import { leavePartial, makePartial, removePartial } from './partial.ts';
import { PileWriter } from './piles.ts';
import type { ShardRequest } from './request.ts';
import { scatterRows } from './scatter.ts';
import { openNamed, openShards, type Wants } from './store.ts';
import { canGoOn, Passes } from './unfinished.ts';
import { writeShards } from './write.ts';

interface Bound {
  readonly layout: Layout;
  readonly files: ReadonlyMap<string, FeatureFile>;
  readonly description: DataDescription;
  readonly needs: Needs;
  readonly options: { readonly signal?: AbortSignal; readonly pinned?: Pinned };
}

const keyFor = ({ given = [] }: ShardRequest, { description, needs, layout }: Bound): string =>
  keyOf(description, needs, layout, given);

/** The same memory gives the same layout, whatever shards there are. */
const wantsOf =
  ({ when, memory, sizes }: ShardRequest): Wants =>
  (layout, made) =>
    typeof when === 'object'
      ? isDeepStrictEqual(layout, when)
      : made?.memory === memory && isDeepStrictEqual(made.sizes, sizes);

/**
 * Shards of the same data and plan; undefined where there are none. They are encoded as every run from them was, also where the data is
 * named again. @throws Failure `shards-damaged`, `shards-memory` */
export async function openKnownShards(request: ShardRequest, bound: Bound): Promise<Dataset | undefined> {
  const { when, folder, memory, onPass, onDecision } = request;
  const { pinned } = bound.options;
  if (when === 'never' || pinned?.grows || pinned?.fresh || pinned?.until) return undefined;
  const key = keyFor(request, bound);
  const dataset = await openShards(folder, key, wantsOf(request), { onPass, signal: bound.options.signal });
  if (!dataset) return undefined;
  if (typeof when !== 'object') refuseLargeTables(memory, tableBytes(request, dataset));
  onDecision?.({ rows: 'shards', memory, folder: dataset.shards.folder, reused: true });
  return dataset;
}

const tableBytes = ({ tables = [] }: ShardRequest, { encodings }: Dataset): number =>
  tables.reduce((sum, { encoderOf, rowBytes }) => sum + rowBytes * rowsOf(encodings.get(encoderOf)!), 0);

/** Shards that another worker has opened or written, by the name of their folder. @throws Failure `shards-missing`, `shards-damaged` */
export async function openSharedShards(
  { folder, memory, onPass, onDecision }: Pick<ShardRequest, 'folder' | 'memory' | 'onPass' | 'onDecision'>,
  name: string,
  signal?: AbortSignal,
): Promise<Dataset> {
  const dataset = await openNamed(folder, name, { onPass, signal });
  onDecision?.({ rows: 'shards', memory, folder: dataset.shards.folder, reused: true });
  return dataset;
}

/** Whether training rows do not fit in memory. @throws Failure `shards-unsupported`, `shards-memory` */
export async function goesToShards(request: ShardRequest, computing: Computing & Bound): Promise<boolean> {
  const { when, memory, onDecision } = request;
  const { rows, row, tables } = await estimate(request, computing);
  const inDatabase = Math.min(rows * row, shareOf(memory, 'database'));
  const ofRows = bytesInMemory(rows, row, computing.wanted) + inDatabase;
  const needed = ofRows + tables;
  const isForced = when === 'always' || typeof when === 'object';
  // Shards make no room for tables that are too large without any rows: training says which do not fit, or goes on.
  const fits = needed <= memory || (ofRows <= memory && tables > roomForTables(memory));
  if (when === 'never' || (!isForced && fits)) {
    onDecision?.({ rows: 'memory', needed, memory });
    return false;
  }
  if (computing.options.pinned) throw failure('shards-continued', { memory, ...(isForced ? {} : { needed }) });
  const what = request.unsupported ?? unsupportedHistory(computing);
  if (what !== undefined) throw failure('shards-unsupported', { what, memory, ...(isForced ? {} : { needed }) });
  refuseLargeTables(memory, tables);
  onDecision?.({ rows: 'shards', needed, memory, folder: request.folder });
  return true;
}

/** A history of lists that events have themselves: the lists of one bucket are not those of another. */
function unsupportedHistory({ needs, wanted }: Computing): string | undefined {
  const found = needs.features.find((feature) => {
    const column = wanted.histories.get(feature.name);
    return feature.each && column?.column.at === 'events' && column.form !== 'code';
  });
  return found && `the history \`${found.name}\` of lists that events have`;
}

/**
 * The second pass over buckets that a command has left which was stopped; undefined where there are none. It needs no database.
 */
export async function goOnWithPasses(
  request: ShardRequest,
  bound: Bound,
): Promise<(() => Promise<Dataset>) | undefined> {
  const { description, needs, layout, files: featureFiles, options } = bound;
  if (request.when === 'never' || options.pinned) return undefined;
  const wanted = columnRequests(layout, needs);
  const found = await Passes.stopped(request, keyFor(request, bound), wanted);
  if (!found) return undefined;
  const { passes, buckets } = found;
  const continues = { done: passes.done, of: passes.buckets };
  request.onDecision?.({ rows: 'shards', memory: request.memory, folder: request.folder, continues });
  return secondPass(
    { description, needs, layout, featureFiles, wanted, request, signal: options.signal },
    buckets,
    passes,
  );
}

/** The first pass. What it answers is the second, which needs no database. */
export async function scatterToBuckets(
  request: ShardRequest,
  computing: Computing & Bound,
): Promise<() => Promise<Dataset>> {
  const { database, layout, wanted, needs, staged, bad, description, options, files: featureFiles } = computing;
  const { signal } = options;
  const { memory, folder, when, sizes, onPass } = request;
  const events = staged.get('events')!;
  const { row } = await estimate(request, computing);
  const buckets = typeof when === 'object' ? when.buckets : (sizes?.buckets ?? bucketsFor(memory, events.rows, row));
  const key = keyFor(request, computing);
  const partial = await makePartial(folder, key);
  const first = async () => {
    await makePartial(folder, key);
    const names = Array.from({ length: buckets }, (_, at) => bucketName(at));
    const writer = PileWriter.new(partial, names);
    const { dictionaries, joined, files } = await validFiles(computing);
    const scattered = await scatterRows({
      ...{ database, layout, wanted, needs, staged: events, joined, dictionaries, writer, buckets, signal, onPass },
      atOnce: sizes?.atOnce ?? rowsAtOnce(memory, row),
    });
    return { dictionaries, files, scattered, writer };
  };
  try {
    const { dictionaries, files, scattered, writer } = await computed(computing, first);
    const { bad: badEvents, ...known } = scattered;
    bad.push(...badEvents);
    const rejected = await settle(computing, scattered.rows > 0);
    const of = { partial, key, scattered: known, dictionaries, ...files, partsOfFiles: partsOfFiles(events), rejected };
    const written = { ...of, files: await writer.finish() };
    const passes = await Passes.begun(request, written, wanted);
    return secondPass({ description, needs, layout, featureFiles, wanted, request, signal }, written, passes);
  } catch (error) {
    removePartial(partial);
    throw error;
  }
}

/** Where it is stopped, what is done stays for the same command. */
const secondPass = (to: ToWrite, buckets: Buckets, passes: Passes) => async (): Promise<Dataset> => {
  try {
    return await writeShards(to, buckets, passes);
  } catch (error) {
    if (!canGoOn(error)) removePartial(passes.partial);
    throw error;
  } finally {
    leavePartial(passes.partial);
  }
};
