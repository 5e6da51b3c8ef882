/** Writes and opens an index as a folder with index.json and the file of its lists. It is written whole or not at all, and opened only for its own model and items. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { isPartialOf, makeFolder, removeDurably, writeTextDurably } from '../../base/storage/durable.ts';
import { lockFolder, rejectOtherFiles } from '../../base/storage/lock.ts';
import { computeChecksum, readIfExists } from '../../base/storage/run_files.ts';
import type { Checksum } from '../../base/storage/tensor_header.ts';
import type { Texts } from '../../base/text/texts.ts';
import { findSchemaError, loadSchemaCompiler } from '../../base/util/json_schema.ts';
import type { ApproximateIndex, RecallGauge } from '../../retrieval/scan/approximate.ts';
import { makeScan, type VectorScan } from '../../retrieval/scan/scan.ts';
import { type Certificate, certify } from './certificate.ts';
import schema from './index.schema.json' with { type: 'json' };
import { type BuildOptions, buildLists, type ItemVectors, openLists, saveLists } from './index_lists.ts';
import { prepareLists } from './lists.ts';

export interface IndexSource extends BuildOptions {
  readonly folder: string;
  readonly tower: string;
  readonly version: string;
  readonly items: ItemVectors & { readonly keys: Texts };
  readonly queries: {
    /** Vectors by query: one, or one for each interest. */
    readonly vectors: readonly (readonly Float64Array[])[];
    readonly of: string;
  };
  readonly k: number;
  /** Minimum recall, from 0 to 1. */
  readonly recall: number;
  readonly onProgress?: (line: string) => void;
}

const isIndexFile = (name: string): boolean =>
  [indexManifestFile, listsFile].some((file) => name === file || isPartialOf(name, file));

/**
 * Builds an index, certifies it, and writes it. A previous index stays until the new one is certified.
 * @throws Failure `folder-in-use`, `run-in-use`, `index-recall`, `cannot-write`; the reason of the signal
 */
export async function writeIndexFolder(source: IndexSource): Promise<IndexManifest> {
  const { folder, items, queries, k, recall, signal, onItems, onProgress } = source;
  const lock = await lockFolder(folder, { purpose: 'tower index' });
  try {
    await rejectOtherFiles(folder, isIndexFile);
    const lists = await buildLists(items, { signal, onItems });
    const scan = makeScan(items.data, items.rows, items.width);
    const options = { queries: queries.vectors, k, recall, signal, onProgress };
    const { reach, certificate } = await certify(scan, prepareLists(lists, scan), options);
    if (certificate.recall < recall) throw failure('index-recall', { asked: recall, ...certificate });
    await removeDurably(join(folder, indexManifestFile));
    await makeFolder(folder);
    await saveLists(join(folder, listsFile), lists);
    const manifest: IndexManifest = {
      format,
      tower: source.tower,
      version: source.version,
      items: itemsIdentity({
        rows: items.rows,
        width: items.width,
        keyAt: (row) => items.keys.at(row)!,
        itemVector: (row) => items.data.subarray(row * items.width, (row + 1) * items.width),
      }),
      lists: { count: lists.ends.length, reach },
      certificate: { asked: recall, of: queries.of, ...certificate },
      files: { [listsFile]: await computeChecksum(folder, listsFile) },
    };
    await writeTextDurably(join(folder, indexManifestFile), `${JSON.stringify(manifest, undefined, 2)}\n`);
    return manifest;
  } finally {
    await lock.release();
  }
}

/** Opens the index of a folder for the items that it was built for. @throws Failure `not-an-index`, `other-index`, `damaged-index`, `cannot-read` */
export async function openIndexFolder(
  folder: string,
  { version, ...items }: NamedItems & { readonly version: string },
): Promise<{ readonly makeIndex: (scan: VectorScan) => ApproximateIndex; readonly manifest: IndexManifest }> {
  const manifest = await readIndexManifest(folder);
  const difference =
    manifest.version === version
      ? differenceOfItems(manifest.items, itemsIdentity(items))
      : 'another version of the model';
  if (difference !== undefined) throw failure('other-index', { folder, what: difference });
  const path = join(folder, listsFile);
  const { sha256 } = await computeChecksum(folder, listsFile);
  if (sha256 !== manifest.files[listsFile].sha256) {
    throw failure('damaged-index', { path, reason: 'its checksum differs' });
  }
  const { count, reach } = manifest.lists;
  const lists = await openLists(path, items, count);
  return { makeIndex: (scan) => prepareLists(lists, scan)(manifest.certificate.k, reach), manifest };
}

/**
 * Measures the recall of an index on real requests: one of N answers is computed again by the scan. The check runs when the event loop is idle, so it
 * delays no request, and is dropped if that takes too long. Only one answer is checked at a time.
 */
export interface GaugeOptions {
  /** Checks one of this many answers. */
  readonly every?: number;
  /** Milliseconds over which the load of the event loop is measured. */
  readonly pause?: number;
}

/** Maximum share of the time for which an idle event loop is busy. */
const maxIdleLoad = 0.5;
/** Maximum number of attempts before a check is dropped. */
const maxLooks = 200;
/** Number of latest recalls in the mean. */
const maxKeptRecalls = 1000;

export function makeRecallGauge({ every = 100, pause = 20 }: GaugeOptions = {}): RecallGauge {
  const recalls: number[] = [];
  let offered = 0;
  let checked = 0;
  let isWaiting = false;

  const waitForIdle = (recall: () => number, looks = 0): void => {
    const loadBefore = performance.eventLoopUtilization();
    setTimeout(() => {
      if (performance.eventLoopUtilization(loadBefore).utilization < maxIdleLoad) {
        recalls.push(recall());
        if (recalls.length > maxKeptRecalls) recalls.shift();
        checked++;
        isWaiting = false;
      } else if (looks < maxLooks) waitForIdle(recall, looks + 1);
      else isWaiting = false;
    }, pause).unref();
  };

  return {
    get checked() {
      return checked;
    },
    get recall() {
      return recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
    },
    offer(recall) {
      offered++;
      if (isWaiting || (offered - 1) % every !== 0) return;
      isWaiting = true;
      waitForIdle(recall);
    },
  };
}

/** The file index.json: the contents of a folder with an index, its model and its certificate. It is written last, so a folder without it is no index. */
const indexManifestFile = 'index.json';
const listsFile = 'lists.safetensors';
const format = 'tower-index-2';

export interface IndexManifest {
  readonly format: typeof format;
  readonly tower: string;
  readonly version: string;
  readonly items: ItemsIdentity;
  readonly lists: { readonly count: number; readonly reach: number };
  readonly certificate: Certificate & {
    readonly asked: number;
    /** Origin of the queries, such as `events of the part test`. */
    readonly of: string;
  };
  readonly files: Readonly<Record<typeof listsFile, Checksum>>;
}

interface ItemsIdentity {
  readonly rows: number;
  readonly width: number;
  /** SHA-256 of all keys, each preceded by its length. */
  readonly keys: string;
  /** Lengths of evenly spaced item vectors. Engines agree on them except for rounding, so they show whether the vectors are those of the lists. */
  readonly lengths: readonly number[];
}

const maxComparedLengths = 64;

export interface NamedItems {
  readonly rows: number;
  readonly width: number;
  keyAt(row: number): string;
  itemVector(row: number): Float32Array;
}

function itemsIdentity({ rows, width, keyAt, itemVector }: NamedItems): ItemsIdentity {
  const keyHash = createHash('sha256');
  for (let row = 0; row < rows; row++) keyHash.update(`${keyAt(row).length}:${keyAt(row)}`);
  const lengths = Array.from({ length: Math.min(maxComparedLengths, rows) }, (_, i) => {
    const row = Math.floor((i * rows) / Math.min(maxComparedLengths, rows));
    return Math.hypot(...itemVector(row));
  });
  return { rows, width, keys: keyHash.digest('hex'), lengths };
}

/** Returns how the items differ; undefined if both are of the same items. */
function differenceOfItems(built: ItemsIdentity, served: ItemsIdentity): string | undefined {
  if (built.rows !== served.rows)
    return `${built.rows.toLocaleString('en')} items, not ${served.rows.toLocaleString('en')}`;
  if (built.width !== served.width) return `vectors of ${built.width} numbers, not ${served.width}`;
  if (built.keys !== served.keys) return 'items with other keys';
  const isNear = (length: number, index: number): boolean =>
    Math.abs(length - served.lengths[index]!) <= 1e-3 * Math.max(length, served.lengths[index]!);
  return built.lengths.length === served.lengths.length && built.lengths.every(isNear)
    ? undefined
    : 'items with other vectors';
}

/** @throws Failure `not-an-index`, `other-index`, `damaged-index`, `cannot-read` */
async function readIndexManifest(folder: string): Promise<IndexManifest> {
  const bytes = await readIfExists(folder, indexManifestFile, maxManifestBytes);
  if (bytes === undefined) throw failure('not-an-index', { folder });
  const value = jsonOf(bytes);
  const { format: found }: { readonly format?: unknown } = Object(value);
  if (typeof found === 'string' && found !== format) {
    throw failure('other-index', { folder, what: 'another version of Tower' });
  }
  const compile = await loadSchemaCompiler({ strictTypes: false });
  const reason = value === undefined ? 'it is not JSON' : findSchemaError(compile(schema), value);
  if (reason !== undefined) throw failure('damaged-index', { path: join(folder, indexManifestFile), reason });
  return value as IndexManifest;
}

const maxManifestBytes = 2 ** 20;

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
