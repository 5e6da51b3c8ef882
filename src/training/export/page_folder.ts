/** Writes the folder that `tower-lang/runtime` opens: the query tower with its tables, and the vectors, keys, titles and columns of the items. */

import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { awaitRead, awaitWrite, failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import { makeFolder, removeDurably, syncFolder, writeDurably, writeTextDurably } from '../../base/storage/durable.ts';
import { lockFolder, rejectOtherFiles } from '../../base/storage/lock.ts';
import { computeChecksum } from '../../base/storage/run_files.ts';
import { encodeSafetensors } from '../../base/storage/safetensors.ts';
import { packTexts, pickTexts } from '../../base/text/texts.ts';
import { listRowIndexes } from '../../base/util/objects.ts';
import type { Corpus, Encoding } from '../../data/dataset.ts';
import type { Tensors } from '../../engines/engine.ts';
import { type Graph, type Tensor, tensorOf } from '../../graph/graph.ts';
import {
  computedTableName,
  type FeaturePlan,
  type Plan,
  requiredFeatures,
  type TowerPlan,
} from '../../graph/plan/plan.ts';
import { makeServingGraph, tableParameter } from '../../graph/plan/serving_graph.ts';
import {
  type PageFile,
  type PageIndex,
  type PublicServable,
  type PublicSums,
  type PublicTower,
  packServable,
  pageFiles,
  pageIndex,
  publicOf,
  type Servable,
  servableFormat,
} from '../../retrieval/servable.ts';
import { unknownFacts } from '../../retrieval/top_request.ts';
import { codedRows, type StoredRows } from '../../retrieval/vectors.ts';
import type { LoadedModel } from '../artifact/load.ts';
import type { Tables } from '../embedding/tables.ts';
import { codesOfItems, itemWeightsOf } from '../scoring/fitted_weights.ts';
import { graphParameters } from '../scoring/tower_vectors.ts';

export interface PageOptions extends Pick<PublicServable, 'objectives' | 'events'> {
  readonly folder: string;
  readonly tower: string;
  /** Names of the columns of the items to export. */
  readonly columns: readonly string[];
  /** The module `tower.js`. */
  readonly script: Uint8Array;
  /** Stores all numbers as they are, in four times the space. */
  readonly exact?: boolean;
  readonly force?: boolean;
}

export interface ExportedPage {
  readonly index: PageIndex;
  readonly files: Readonly<Record<string, number>>;
  /** Number of user keys in the folder: 0 if the query tower does not read them. */
  readonly users: number;
}

const pageScript = 'tower.js';

/** @throws Failure `folder-in-use`, `run-in-use`, `unknown-name`, `cannot-write` */
export async function writePageExport(
  trained: LoadedModel,
  servable: Servable,
  options: PageOptions,
): Promise<ExportedPage> {
  const { tower, columns, script } = options;
  const knownColumns = servable.items.columns;
  const unknownColumn = columns.find((name) => !knownColumns.has(name));
  if (unknownColumn !== undefined) {
    throw failure('unknown-name', unknownFacts('column of the items', unknownColumn, [...knownColumns.keys()]));
  }
  return writeExport(options.folder, pageIndex, options.force, async (folder) => {
    const { plan, manifest } = trained;
    const { tower: queryTower, ...rest } = makePublicServable(trained, servable, options);
    const contents: Readonly<Record<PageFile, () => Promise<Uint8Array>>> = {
      'servable.packed': async () => gzipSync(await packedBytes(rest, true), { level: 9 }),
      'tower.safetensors': () => packedBytes(queryTower),
    };
    for (const name of pageFiles) {
      const bytes = await contents[name]();
      await writeDurably(join(folder, name), (sink) => sink.write(bytes));
    }
    await writeDurably(join(folder, pageScript), (sink) => sink.write(script));
    const checksums = pageFiles.map(async (name) => [name, await computeChecksum(folder, name)] as const);
    const files = Object.fromEntries(await Promise.all(checksums)) as PageIndex['files'];
    const index: PageIndex = {
      ...{ format: servableFormat, tower, model: plan.model },
      version: manifest.checksum,
      notes: servable.notes,
      files,
    };
    await writeTextDurably(join(folder, pageIndex), `${JSON.stringify(index, null, 2)}\n`);
    const { key } = plan.towers[0];
    const userEncoding = rest.encodings.get((key && featureNamed(plan, key)?.encoderOf) ?? '');
    return {
      index,
      files: { ...Object.fromEntries(pageFiles.map((name) => [name, files[name].bytes])), [pageScript]: script.length },
      users: userEncoding?.kind === 'vocabulary' ? userEncoding.values.length : 0,
    };
  });
}

/** Holds the files of an export until all are written. */
const partialFolder = '.partial';

/**
 * Writes an export into a folder of its own. Its files take their places when all are written, so that a kill leaves an earlier export as it is. The index
 * is removed first and comes last, so that an incomplete export has none.
 * @param replaced folders of an earlier export that are removed
 */
export async function writeExport<T>(
  folder: string,
  index: string,
  force: boolean | undefined,
  write: (partial: string) => Promise<T>,
  replaced: readonly string[] = [],
): Promise<T> {
  const lock = await lockFolder(folder, { purpose: 'tower export' });
  const partial = join(folder, partialFolder);
  const remove = (path: string): Promise<void> => awaitWrite(path, rm(path, { recursive: true, force: true }));
  try {
    if (!force) await rejectOtherFiles(folder, (name) => name === partialFolder);
    await remove(partial);
    await makeFolder(partial);
    const written = await write(partial);
    await removeDurably(join(folder, index));
    for (const path of replaced) await remove(join(folder, path));
    const paths = await awaitRead(partial, readdir(partial, { recursive: true }));
    for (const path of [...paths.filter((path) => path !== index), index]) {
      const isFile = (await lstat(join(partial, path))).isFile();
      if (isFile) await awaitWrite(join(folder, path), rename(join(partial, path), join(folder, path)));
      else await makeFolder(join(folder, path));
    }
    await awaitWrite(folder, syncFolder(folder));
    return written;
  } finally {
    await remove(partial).catch(() => {});
    await lock.release();
  }
}

async function packedBytes(contents: object, forGzip = false): Promise<Uint8Array<ArrayBuffer>> {
  const { tensors, texts } = packServable(contents, forGzip);
  return encodeSafetensors(tensors, texts);
}

function makePublicServable(
  trained: LoadedModel,
  servable: Servable,
  { columns, objectives, events, exact = false }: PageOptions,
): PublicServable {
  const { plan } = trained;
  const [query, item] = plan.towers;
  const storeRows: StoreRows = (data, width) =>
    // A row of one number is no shorter with a scale, and moments must be exact.
    exact || width === 1 ? data : codedRows(data, width);
  return publicOf(servable, columns, {
    plan: { towers: [pick(query, ['name', 'key', 'features']), pick(item, ['key'])], features: featuresOf(plan) },
    encodings: encodingsOf(trained),
    tower: plan.fitted ? publicSums(trained, servable, storeRows) : publicTower(trained, servable, storeRows),
    ...{ objectives, events },
  });
}

type StoreRows = (data: Float32Array, width: number) => StoredRows;

function publicTower(trained: LoadedModel, { items }: Servable, storeRows: StoreRows): PublicTower {
  const [query] = trained.plan.towers;
  const itemLists = tablesOfItems(trained, items);
  const { graph, parameters } = servedTower(trained, query, itemLists);
  const tables = new Set([...trained.tables.keys(), ...itemLists.keys()].map(tableParameter));
  const storedParameters = Object.entries(parameters).map(([name, { shape, data }]): [string, StoredRows] => {
    const numbers = data as Float32Array;
    return [name, tables.has(name) ? storeRows(numbers, shape[1]!) : numbers];
  });
  const { data, width } = items.vectors;
  const { interests = 1 } = query;
  return { graph, parameters: new Map(storedParameters), vectors: storeRows(data, width), width, interests };
}

/** Codes and numbers of events are stored as they are: a byte for each would be another code. */
function publicSums({ plan, tables }: LoadedModel, { items }: Servable, storeRows: StoreRows): PublicSums {
  const corpus = { rows: items.vectors.rows, features: items.features };
  const { neighbours, weights, events, codes } = itemWeightsOf({ plan, tables, corpus });
  const { list, keep } = plan.fitted!;
  return { list, neighbours, events, weights: storeRows(weights, keep), codes: Float32Array.from(codes) };
}

const featureNamed = ({ features }: Plan, name: string): FeaturePlan | undefined =>
  features.find((feature) => feature.name === name);

/** Returns the features of the query tower, those that they need, and the key of the items, because values of features may name items. */
function featuresOf(plan: Plan): FeaturePlan[] {
  const [query, item] = plan.towers;
  const names = new Set<string>();
  const addWithNeeded = (name: string): void => {
    const feature = featureNamed(plan, name);
    if (feature === undefined || names.has(name)) return;
    names.add(name);
    for (const neededName of requiredFeatures(feature)) addWithNeeded(neededName);
  };
  for (const name of query.features) addWithNeeded(name);
  if (item.key !== undefined) addWithNeeded(item.key);
  return plan.features.filter(({ name }) => names.has(name)).map(stripPlan);
}

/** Removes the entries that only training reads. */
function stripPlan({ table, vectors, frozen, drop, encoder: fullEncoder, ...feature }: FeaturePlan): FeaturePlan {
  const { values, file, ...encoder } = fullEncoder as FeaturePlan['encoder'] & { values?: unknown; file?: unknown };
  return { ...feature, encoder: encoder as FeaturePlan['encoder'] };
}

function encodingsOf({ plan, encodings }: LoadedModel): ReadonlyMap<string, Encoding> {
  const readFeatures = featuresOf(plan).filter(({ name }) => plan.towers[0].features.includes(name));
  return new Map(
    readFeatures.map(({ encoderOf }) => {
      const encoding = encodings.get(encoderOf);
      invariant(encoding, `feature ${encoderOf} has no encoding`);
      const hasValues = 'values' in encoding && encoding.values !== undefined;
      return [encoderOf, hasValues ? { ...encoding, values: packTexts(encoding.values!) } : encoding];
    }),
  );
}

const pick = <T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> =>
  Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]]))) as Pick<T, K>;

// A tower with its tables and dense weights inside. It maps codes and numbers to one vector.

/** The items that lists of the item tower may contain, and the tables that the tower computes. */
export interface ListElements {
  readonly corpus: Corpus;
  readonly tables: Tables;
}

export interface ServedTower {
  readonly tower: TowerPlan;
  readonly graph: Graph;
  readonly parameters: Tensors;
}

/** Items of a list that goes through the item tower: each item has a code, and the code a row. */
export interface ItemsOfList {
  readonly encoding: Extract<Encoding, { readonly kind: 'vocabulary' }>;
  /** float32 [items + 1, width]; row 0 stands for "not an item". */
  readonly table: Tensor;
}

export function listsOfItems(
  { plan }: LoadedModel,
  elements: ListElements | undefined,
): ReadonlyMap<string, ItemsOfList> {
  return new Map(
    plan.features.flatMap((feature) => {
      const { name, through, width, skipsUnseen } = feature;
      if (!through) return [];
      invariant(elements, `the items that list ${name} may hold are not given`);
      const { corpus, tables } = elements;
      const codes = codesOfItems(corpus, plan.towers[1].key!);
      const rows = listRowIndexes(corpus.keys.length).filter((row) => !skipsUnseen || codes[row] !== 0);
      const values = pickTexts(corpus.keys, rows);
      const table = rowsOf(tables.get(computedTableName(through))!.values(), rows, width);
      return [[name, { encoding: { kind: 'vocabulary', values }, table }]];
    }),
  );
}

/** Makes the table for lists of items, with a row for each item. Row i + 1 is item i. */
const tablesOfItems = (
  { plan }: LoadedModel,
  { vectors, tables }: Servable['items'],
): ReadonlyMap<string, Pick<ItemsOfList, 'table'>> =>
  new Map(
    plan.features.flatMap(({ name, through, width }) => {
      if (!through) return [];
      return [[name, { table: rowsOf(tables.get(computedTableName(through))!, listRowIndexes(vectors.rows), width) }]];
    }),
  );

/** Returns a table with the vectors of some rows. Its row 0 is zeros. */
function rowsOf(vectors: Float32Array, rows: Int32Array, width: number): Tensor {
  const data = new Float32Array((rows.length + 1) * width);
  for (const [index, row] of rows.entries()) {
    data.set(vectors.subarray(row * width, (row + 1) * width), (index + 1) * width);
  }
  return tensorOf(data, rows.length + 1, width);
}

export function servedTower(
  trained: LoadedModel,
  tower: TowerPlan,
  lists: ReadonlyMap<string, Pick<ItemsOfList, 'table'>>,
): ServedTower {
  const allTables = new Map<string, Tensor>();
  for (const [name, table] of trained.tables) allTables.set(name, tensorOf(table.read(), table.rows, table.dim));
  for (const [name, { table }] of lists) allTables.set(name, table);
  const rowsOfTables = new Map([...allTables].map(([name, { shape }]) => [name, shape[0]!]));
  const graph = makeServingGraph(trained.plan, tower, rowsOfTables);
  const tableParameters = Object.fromEntries([...allTables].map(([name, table]) => [tableParameter(name), table]));
  return { tower, graph, parameters: graphParameters(graph, { ...trained.parameters, ...tableParameters }) };
}
