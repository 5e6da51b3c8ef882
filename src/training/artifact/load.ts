/** Reads a trained model, and verifies that every byte is the one that was written and that the files are consistent. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { awaitRead, failure } from '../../base/diagnostics/diagnostic.ts';
import { countText } from '../../base/diagnostics/wording.ts';
import { rejectIfLocked } from '../../base/storage/lock.ts';
import {
  closeQuietly,
  computeChecksum,
  computeChecksumOfHandle,
  exists,
  openRunFile,
  parseJson,
  readIfExists,
  readRunFile,
} from '../../base/storage/run_files.ts';
import { readOpenSafetensors } from '../../base/storage/safetensors.ts';
import { type Checksum, type Numbers, writeNumbers } from '../../base/storage/tensor_header.ts';
import type { Dataset, Encoding } from '../../data/dataset.ts';
import type { Tensors } from '../../engines/engine.ts';
import type { Graph, Tensor } from '../../graph/graph.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { makeTable, type Table } from '../embedding/table.ts';
import type { Tables } from '../embedding/tables.ts';
import { expectedWeights, refuseInconsistent } from './consistent.ts';
import { isKeysFile, readKeys, sameEncoding } from './encoding_file.ts';
import { describeOtherData, fingerprintOf } from './identity.ts';
import { graphsOf, type Manifest, manifestFile, noChecksum, restorePlan } from './run_manifest.ts';
import { refuseUnlessValid } from './validate.ts';

export interface LoadedModel {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly plan: Plan;
  /** Keyed by the feature that owns the encoding. */
  readonly encodings: ReadonlyMap<string, Encoding>;
  /** Read-only, without the state of an optimizer. */
  readonly tables: Tables;
  /** The dense weights, by the name of their parameter. */
  readonly parameters: Tensors;
}

export interface LoadOptions {
  /** True to accept the model of an interrupted run, which may still be resumed. Absent if the caller needs a finished one, so that no hint offers this. */
  readonly unfinished?: boolean;
  /** Omits the tables and the dense weights after verifying the checksum of their file. */
  readonly withoutWeights?: boolean;
}

const tablePrefix = 'table/';

/** @throws Failure `not-a-run`, `unfinished-run`, `run-in-use`, `lost-file`, `changed-file`, `damaged-file`, `cannot-read` */
export async function load(folder: string, options: LoadOptions = {}): Promise<LoadedModel> {
  const { unfinished, withoutWeights = false } = options;
  const manifest = await readManifest(folder);
  const { status, epochs, steps } = manifest.training;
  if (status === 'interrupted' && !unfinished)
    throw failure('unfinished-run', { folder, stopped: { epochs, steps }, usable: unfinished === false });
  refuseUnlistedPaths(folder, manifest);
  const { plan: stored } = manifest;
  const graphs = new Map<string, Graph>();
  for (const { graph } of graphsOf(stored)) {
    const value = await readJson(folder, manifest, graph);
    await refuseUnlessValid('graph', value, join(folder, graph));
    graphs.set(graph, value as Graph);
  }
  const encodings = new Map<string, Encoding>();
  for (const [feature, path] of Object.entries(manifest.encodings)) {
    const encodingFile = join(folder, path);
    if (isKeysFile(path)) {
      refuseChanged(encodingFile, manifest.files[path]!, await computeChecksum(folder, path));
      encodings.set(feature, await readKeys(encodingFile));
    } else {
      const encoding = await readJson(folder, manifest, path);
      await refuseUnlessValid('encoding', encoding, encodingFile);
      encodings.set(feature, encoding as Encoding);
    }
  }
  const plan = restorePlan(stored, graphs);
  refuseInconsistent({ folder, manifest, plan, encodings });
  const checkedPaths = [...graphs.keys(), ...Object.values(manifest.encodings)];
  const readPaths = new Set(withoutWeights ? checkedPaths : [...checkedPaths, manifest.weights]);
  for (const [path, checksum] of Object.entries(manifest.files)) {
    if (!readPaths.has(path)) refuseChanged(join(folder, path), checksum, await computeChecksum(folder, path));
  }

  const tables = new Map<string, Table>();
  if (withoutWeights) return { folder, manifest, plan, encodings, tables, parameters: {} };
  const parameters = await readWeights({ folder, manifest, plan, encodings }, (name, [rows, dim]) => {
    const { precision } = plan.tables.find((table) => table.name === name)!;
    const table = makeTable({ name, rows: rows!, dim: dim!, precision });
    tables.set(table.name, table);
    return table.numbers();
  });
  return { folder, manifest, plan, encodings, tables, parameters };
}

/**
 * Reads the dense weights, and reads tables directly into their memory, because a table may be larger than half of the memory. All bytes come from the handle whose
 * checksum was verified, even if another process replaces the file in between. @param into returns the memory of a table, by its name
 */
export async function readWeights(
  { folder, manifest, plan, encodings }: Pick<LoadedModel, 'folder' | 'manifest' | 'plan' | 'encodings'>,
  into: (table: string, shape: readonly number[]) => Numbers,
): Promise<Tensors> {
  const { weights, files } = manifest;
  const path = join(folder, weights);
  const handle = await openRunFile(folder, weights);
  try {
    const { size } = await handle.stat();
    const { bytes } = files[weights]!;
    if (size !== bytes) throw failure('changed-file', { path });
    refuseChanged(path, files[weights]!, await awaitRead(path, computeChecksumOfHandle(handle)));
    const readWork = readOpenSafetensors(handle, path, {
      expected: expectedWeights(plan, encodings),
      finite: () => true,
      allocate: (name, shape) =>
        name.startsWith(tablePrefix) ? into(name.slice(tablePrefix.length), shape) : undefined,
    });
    const { tensors } = await awaitRead(path, readWork);
    const parameters: Record<string, Tensor> = {};
    for (const [name, { shape, data }] of tensors) {
      if (name.startsWith(tablePrefix)) continue;
      parameters[name.slice('parameter/'.length)] = { dtype: 'float32', shape, data: data as Float32Array };
    }
    return parameters;
  } finally {
    await closeQuietly(handle);
  }
}

/** Reads the manifest, and checks its schema and its checksum. Does not read the files that it lists. */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, manifestFile);
  const bytes = await readIfExists(folder, manifestFile, maxManifestBytes);
  if (bytes === undefined) {
    if (!(await exists(join(folder, 'run.json')))) throw failure('not-a-run', { folder });
    await rejectIfLocked(folder);
    throw failure('unfinished-run', { folder });
  }
  const manifest = parseJson(bytes, path);
  await refuseUnlessValid('manifest', manifest, path);
  const { checksum } = manifest as Manifest;
  const computedChecksum = createHash('sha256')
    .update(bytes.toString('utf8').replace(checksum, noChecksum))
    .digest('hex');
  if (computedChecksum !== checksum) throw failure('changed-file', { path });
  return manifest as Manifest;
}

const maxManifestBytes = 64 * 2 ** 20;

function refuseUnlistedPaths(folder: string, { files, weights, encodings, plan, sources, data }: Manifest): void {
  const namedPaths = [
    weights,
    ...Object.values(encodings),
    ...graphsOf(plan).map(({ graph }) => graph),
    ...sources,
    ...(data.source === undefined ? [] : [data.source]),
  ];
  const unlisted = namedPaths.find((path) => !Object.hasOwn(files, path));
  if (unlisted !== undefined)
    throw failure('damaged-file', { path: join(folder, manifestFile), reason: `it has no checksum for ${unlisted}` });
}

async function readJson(folder: string, { files }: Manifest, path: string): Promise<unknown> {
  const jsonPath = join(folder, path);
  const bytes = await readRunFile(folder, path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  refuseChanged(jsonPath, files[path]!, { sha256, bytes: bytes.length });
  return parseJson(bytes, jsonPath);
}

function refuseChanged(path: string, listed: Checksum, found: Checksum): void {
  if (found.bytes !== listed.bytes || found.sha256 !== listed.sha256) throw failure('changed-file', { path });
}

/** A trained model as plain data for another process: its tables are WebAssembly memories, which cannot be passed on. */
export interface PlainModel extends Omit<LoadedModel, 'tables'> {
  readonly tables: readonly PlainTable[];
}

interface PlainTable {
  readonly name: string;
  readonly rows: number;
  readonly dim: number;
  /** float32 [rows, dim] */
  readonly values: Float32Array;
  readonly precision?: 'bf16';
}

/** Takes about a millisecond to copy into new memory. */
const numbersAtOnce = 2 ** 18;

export const toPlainModel = (trained: LoadedModel): PlainModel => ({
  ...trained,
  tables: [...trained.tables.values()].map((table) => ({
    name: table.name,
    rows: table.rows,
    dim: table.dim,
    values: table.read(),
    precision: table.precision,
  })),
});

/** Copies the tables in slices of whole rows, and yields to the event loop in between, so that a server that reads another version keeps answering. */
export async function fromPlainModel(plain: PlainModel): Promise<LoadedModel> {
  const tables = new Map<string, Table>();
  for (const { values, ...size } of plain.tables) {
    const table = makeTable(size);
    const tableNumbers = table.numbers();
    const pieceLength = size.dim * Math.ceil(numbersAtOnce / size.dim);
    for (let from = 0; from < values.length; from += pieceLength) {
      await nextTurn();
      writeNumbers(tableNumbers, from, values.subarray(from, from + pieceLength));
    }
    tables.set(size.name, table);
  }
  return { ...plain, tables };
}

/**
 * Describes how a data set differs from that of the training; undefined if it is the same.
 * @throws Failure `other-data` if it is encoded otherwise, because its codes do not mean what the tables have learned
 */
export function differenceOfData(
  { encodings, manifest }: Pick<LoadedModel, 'encodings' | 'manifest'>,
  dataset: Dataset,
): string | undefined {
  for (const [feature, encoding] of encodings) {
    if (!sameEncoding(dataset.encodings.get(feature), encoding)) {
      throw failure('other-data', { what: `\`${feature}\` encodes differently` });
    }
  }
  const difference = describeOtherData(manifest.data.fingerprint, fingerprintOf(dataset));
  return difference && (differenceOfSizes(manifest.data, dataset) ?? difference);
}

function growthOf(before: Manifest['data'], { parts, corpus, users }: Dataset) {
  const eventsNow = parts.train.rows + parts.validation.rows + parts.test.rows;
  return {
    event: eventsNow - before.train - before.validation - before.test,
    item: corpus.rows - before.items,
    user: users.rows - before.users,
  };
}

/** True for data of which nothing is gone since a training on all events: a model in use, whose events go on. */
export const hasOnlyGrown = ({ manifest: { final, data } }: Pick<LoadedModel, 'manifest'>, dataset: Dataset): boolean =>
  final !== undefined && Object.values(growthOf(data, dataset)).every((growth) => growth >= 0);

/** Returns undefined if both have as many events, items and users. */
function differenceOfSizes(before: Manifest['data'], dataset: Dataset): string | undefined {
  const words = Object.entries(growthOf(before, dataset)).flatMap(([what, growth]) =>
    growth === 0 ? [] : [countText(Math.abs(growth), `${growth > 0 ? 'more' : 'fewer'} ${what}`)],
  );
  return words.length === 0 ? undefined : `it has ${words.join(', ')}`;
}
