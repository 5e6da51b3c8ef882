/** Writes the folder that `tower-lang/runtime` opens: the query tower with its tables, and the vectors, keys, titles and columns of the items. */

import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { failure, invariant } from '../../base/diagnostics/failure.ts';
import { remove, writeDurably, writeTextDurably } from '../../base/storage/durable.ts';
import { lockFolder, refuseOtherFiles } from '../../base/storage/lock.ts';
import { checksumOf } from '../../base/storage/run_files.ts';
import { treeBytes, writeSafetensors } from '../../base/storage/safetensors.ts';
import type { StoredTensor } from '../../base/storage/tensor_header.ts';
import { pickTexts } from '../../base/text/texts.ts';
import { everyRow } from '../../base/util/objects.ts';
import type { Corpus, Dataset, Encoding } from '../../data/dataset.ts';
import type { Tensors } from '../../engines/engine.ts';
import type { Graph, Tensor } from '../../graph/graph.ts';
import { computedTable, type FeaturePlan, neededBy, type Plan, type TowerPlan } from '../../graph/plan/plan.ts';
import { servingGraph, tableParameter } from '../../graph/plan/serving_graph.ts';
import type { ItemColumns } from '../../retrieval/filter/filter_columns.ts';
import {
  codedRows,
  fittedNumbers,
  itemVectors,
  type PageFile,
  type PageIndex,
  type PageQuery,
  pageFiles,
  pageIndex,
} from '../../retrieval/page_files.ts';
import type { ItemWeights } from '../../retrieval/scan/item_weights.ts';
import { type PublicItems, publicItemsOf } from '../../retrieval/servable.ts';
import { unknownFacts } from '../../retrieval/top_request.ts';
import type { RetrievalObjective } from '../../retrieval/vectors.ts';
import type { LoadedModel } from '../artifact/load.ts';
import type { Tables } from '../embedding/tables.ts';
import { codesOfItems, itemWeightsOf } from '../scoring/fitted_weights.ts';
import type { Retrieval } from '../scoring/retrieval_scorer.ts';

export interface PageOptions {
  readonly folder: string;
  readonly tower: string;
  readonly dataset: Pick<Dataset, 'corpus' | 'seen' | 'histories'>;
  /** The columns of the items file. `chosen` are the ones to export. */
  readonly columns: ItemColumns;
  readonly chosen: readonly string[];
  readonly objectives: readonly RetrievalObjective[];
  readonly notes: readonly string[];
  readonly events: PageQuery['events'];
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
  retrieval: Pick<Retrieval, 'items' | 'tables'>,
  options: PageOptions,
): Promise<ExportedPage> {
  const { folder } = options;
  const pageItems = itemsOf(options);
  return writeExport(folder, pageIndex, options.force, () => writePage(trained, retrieval, pageItems, options));
}

/** Writes into a folder of its own. The index is removed first and written last, so that an incomplete export has none. */
export async function writeExport<T>(
  folder: string,
  index: string,
  force: boolean | undefined,
  write: () => Promise<T>,
): Promise<T> {
  const lock = await lockFolder(folder, { purpose: 'tower export' });
  try {
    if (!force) await refuseOtherFiles(folder);
    await remove(join(folder, index));
    return await write();
  } finally {
    await lock.release();
  }
}

async function writePage(
  trained: LoadedModel,
  { items, tables: computedTables }: Pick<Retrieval, 'items' | 'tables'>,
  listed: PublicItems,
  { folder, tower, dataset, objectives, notes, events, script, exact = false }: PageOptions,
): Promise<ExportedPage> {
  const { plan, manifest } = trained;
  const [query] = plan.towers;
  const itemLists = tablesOfCorpus(trained, { corpus: dataset.corpus, tables: computedTables });
  const { graph, parameters } = servedTower(trained, query, itemLists);
  const encodings = encodingsOf(trained);
  const { data, rows, width } = items();
  const itemWeights = plan.fitted && itemWeightsOf({ plan, tables: trained.tables, corpus: dataset.corpus });
  const pageQuery: PageQuery = {
    plan: {
      towers: [pick(query, ['name', 'key', 'features']), pick(plan.towers[1], ['key'])],
      features: featuresOf(plan),
    },
    seen: dataset.seen,
    histories: Object.fromEntries(dataset.histories),
    encodings,
    objectives,
    width: itemWeights ? rows : width,
    interests: query.interests ?? 1,
    graph,
    fitted: plan.fitted && pick(plan.fitted, ['list', 'keep']),
    events,
  };
  const tables = new Set([...trained.tables.keys(), ...itemLists.keys()].map(tableParameter));
  const stored = (tensor: StoredTensor<Float32Array>, isTable: boolean): readonly StoredTensor[] =>
    // A row of one number is no shorter with a scale, and moments must be exact.
    isTable && !exact && tensor.shape[1] !== 1 ? codedRows(tensor) : [tensor];
  const itemTensors = itemWeights
    ? [{ name: fittedNumbers.codes, shape: [rows, 1], data: Float32Array.from(itemWeights.codes) }]
    : stored({ name: itemVectors, shape: [rows, width], data }, true);
  const tensors = itemWeights
    ? fittedTensors(itemWeights, (weights) => stored(weights, true))
    : Object.entries(parameters).flatMap(([name, { shape, data: values }]) =>
        stored({ name, shape, data: values as Float32Array }, tables.has(name)),
      );
  const fileWriters: Readonly<Record<PageFile, () => Promise<void>>> = {
    'query.jsonz': () => writeGzip('query.jsonz', JSON.stringify(pageQuery, finite)),
    'query.safetensors': () => writeTensors('query.safetensors', tensors),
    'items.packed': async () => writeGzip('items.packed', await treeBytes(listed)),
    'items.safetensors': () => writeTensors('items.safetensors', itemTensors),
  };
  for (const name of pageFiles) await fileWriters[name]();
  await writeDurably(join(folder, pageScript), (sink) => sink.write(script));
  const files = Object.fromEntries(
    await Promise.all(pageFiles.map(async (name) => [name, await checksumOf(folder, name)] as const)),
  ) as PageIndex['files'];
  const index: PageIndex = {
    format: 'tower-page-3',
    tower,
    model: plan.model,
    version: manifest.checksum,
    notes,
    files,
  };
  await writeTextDurably(join(folder, pageIndex), `${JSON.stringify(index, null, 2)}\n`);
  const fileSizes = Object.fromEntries(pageFiles.map((name) => [name, files[name].bytes]));
  const userEncoding = query.key === undefined ? undefined : encodings[featureNamed(plan, query.key)?.encoderOf ?? ''];
  return {
    index,
    files: { ...fileSizes, [pageScript]: script.length },
    users: userEncoding?.kind === 'vocabulary' ? userEncoding.values.length : 0,
  };

  function writeGzip(name: string, contents: string | Uint8Array): Promise<void> {
    return writeDurably(join(folder, name), (sink) => sink.write(gzipSync(contents, { level: 9 })));
  }
  function writeTensors(name: string, all: readonly StoredTensor[]): Promise<void> {
    return writeDurably(join(folder, name), (sink) => writeSafetensors(sink, all));
  }
}

/** Codes and numbers of events are stored as they are: a byte for each would be another code. */
function fittedTensors(
  { neighbours, weights, events }: ItemWeights,
  stored: (weights: StoredTensor<Float32Array>) => readonly StoredTensor[],
): readonly StoredTensor[] {
  const keep = neighbours.length / events.length;
  return [
    { name: fittedNumbers.neighbours, shape: [events.length, keep], data: neighbours },
    ...stored({ name: fittedNumbers.weights, shape: [events.length, keep], data: weights }),
    { name: fittedNumbers.events, shape: [events.length, 1], data: events },
  ];
}

const finite = (key: string, value: unknown): unknown => {
  invariant(typeof value !== 'number' || Number.isFinite(value), `${key} is ${value}, which JSON cannot hold`);
  return value;
};

function itemsOf({ dataset: { corpus }, columns, chosen }: PageOptions): PublicItems {
  const knownColumns = [...columns.keys()];
  const name = chosen.find((each) => !columns.has(each));
  if (name !== undefined) {
    throw failure('unknown-name', unknownFacts('column of the items', name, knownColumns));
  }
  return publicItemsOf(corpus, new Map(chosen.map((each) => [each, columns.get(each)!])));
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
    for (const needed of neededBy(feature)) addWithNeeded(needed);
  };
  for (const name of query.features) addWithNeeded(name);
  if (item.key !== undefined) addWithNeeded(item.key);
  return plan.features.filter(({ name }) => names.has(name)).map(lightened);
}

/** Removes the entries that only training reads. */
function lightened({ table: _, vectors: __, frozen: ___, drop: ____, encoder, ...feature }: FeaturePlan): FeaturePlan {
  const {
    values: _____,
    file: ______,
    ...own
  } = encoder as FeaturePlan['encoder'] & { values?: unknown; file?: unknown };
  return { ...feature, encoder: own as FeaturePlan['encoder'] };
}

function encodingsOf({ plan, encodings }: LoadedModel): Record<string, Encoding> {
  const readFeatures = featuresOf(plan).filter(({ name }) => plan.towers[0].features.includes(name));
  return Object.fromEntries(
    [...new Set(readFeatures.map(({ encoderOf }) => encoderOf))].map((owner) => {
      const encoding = encodings.get(owner);
      invariant(encoding, `feature ${owner} has no encoding`);
      return [owner, encoding];
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
      const rows = everyRow(corpus.keys.length).filter((row) => !skipsUnseen || codes[row] !== 0);
      const values = pickTexts(corpus.keys, rows);
      const table = rowsOf(tables.get(computedTable(through))!.values(), rows, width);
      return [[name, { encoding: { kind: 'vocabulary', values }, table }]];
    }),
  );
}

/** Makes the table for lists of items, with a row for each item of the corpus. Row i + 1 is item i. */
const tablesOfCorpus = (
  { plan }: LoadedModel,
  { corpus, tables }: ListElements,
): ReadonlyMap<string, Pick<ItemsOfList, 'table'>> =>
  new Map(
    plan.features.flatMap(({ name, through, width }) => {
      if (!through) return [];
      const vectors = tables.get(computedTable(through))!.values();
      return [[name, { table: rowsOf(vectors, everyRow(corpus.keys.length), width) }]];
    }),
  );

/** Returns a table with the vectors of some rows. Its row 0 is zeros. */
function rowsOf(vectors: Float32Array, rows: Int32Array, width: number): Tensor {
  const data = new Float32Array((rows.length + 1) * width);
  for (const [index, row] of rows.entries()) {
    data.set(vectors.subarray(row * width, (row + 1) * width), (index + 1) * width);
  }
  return { dtype: 'float32', shape: [rows.length + 1, width], data };
}

export function servedTower(
  trained: LoadedModel,
  tower: TowerPlan,
  lists: ReadonlyMap<string, Pick<ItemsOfList, 'table'>>,
): ServedTower {
  const allTables = new Map(
    [...trained.tables].map(([name, table]): [string, Tensor] => [
      name,
      { dtype: 'float32', shape: [table.rows, table.dim], data: table.read() },
    ]),
  );
  for (const [name, { table }] of lists) allTables.set(name, table);
  const graph = servingGraph(
    trained.plan,
    tower,
    new Map([...allTables].map(([name, { shape }]) => [name, shape[0]!])),
  );
  const parameterTables = new Map([...allTables].map(([name, table]) => [tableParameter(name), table]));
  const parameters: Record<string, Tensor> = {};
  for (const { name } of graph.parameters) {
    const value = parameterTables.get(name) ?? trained.parameters[name];
    invariant(value, `there is no value for parameter ${name} of tower ${tower.name}`);
    parameters[name] = value;
  }
  return { tower, graph, parameters };
}
