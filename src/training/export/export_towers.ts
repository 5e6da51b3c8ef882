/**
 * Writes the towers so that they run without Tower: each as a TensorFlow.js graph model, an ONNX file and a SavedModel, which map codes to the retrieval
 * vector, and serving.json, which describes their inputs.
 */
import { dirname, join } from 'node:path';
import { failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import { makeFolder, writeDurably, writeTextDurably } from '../../base/storage/durable.ts';
import type { Texts } from '../../base/text/texts.ts';
import { missingCode } from '../../data/columns/column_encoder.ts';
import { type PublishedRules, publishedRules } from '../../data/encoders/published.ts';
import { writeParquet } from '../../data/files/duckdb.ts';
import { writeNpy } from '../../data/files/vector_files.ts';
import type { Tensors } from '../../engines/engine.ts';
import { servingOnnx } from '../../engines/formats/onnx_file.ts';
import { servingSavedModel } from '../../engines/formats/saved_model.ts';
import { servingTfjs } from '../../engines/formats/tfjs_model.ts';
import type { Graph } from '../../graph/graph.ts';
import { type FeaturePlan, madeOf, type Plan, type TowerPlan } from '../../graph/plan/plan.ts';
import { weightsInput } from '../../graph/plan/serving_graph.ts';
import { type ElementLimit, elementLimitOf, type Histories } from '../../retrieval/query_columns.ts';
import type { Vectors } from '../../retrieval/vectors.ts';
import type { LoadedModel } from '../artifact/load.ts';
import type { Manifest } from '../artifact/run_manifest.ts';
import { refuseUnlessValid } from '../artifact/validate.ts';
import { addEncoding, writeTexts } from '../artifact/write_artifact.ts';
import {
  type ItemsOfList,
  type ListElements,
  listsOfItems,
  type ServedTower,
  servedTower,
  writeExport,
} from './page_folder.ts';

export interface ExportOptions {
  readonly folder: string;
  readonly tower: string;
  readonly elements?: ListElements;
  /** The corpus, whose vectors are also written. */
  readonly items?: ExportedItems;
  /** True to write into a folder that is not empty. Files of an earlier export of these towers are replaced. */
  readonly force?: boolean;
}

export interface Exported {
  readonly serving: ServingDescription;
  readonly files: readonly string[];
}

/** Maximum bytes of a protocol buffer, the format of ONNX and SavedModel. */
const maxMessageBytes = 2 ** 31 - 2 ** 20;

/** @throws Failure `folder-in-use`, `run-in-use`, `too-large-to-export`, `cannot-write` */
export async function exportModel(trained: LoadedModel, options: ExportOptions): Promise<Exported> {
  const itemLists = listsOfItems(trained, options.elements);
  const towers = trained.plan.towers.map((tower) => servedTower(trained, tower, itemLists));
  for (const { tower, parameters } of towers) refuseTooLarge(tower, parameters);
  const replaced = towers.map(({ tower }) => `${tower.name}/tfjs`);
  const write = (folder: string) => writeTowers(trained, towers, itemLists, { ...options, folder });
  return writeExport(options.folder, 'serving.json', options.force, write, replaced);
}

async function writeTowers(
  trained: LoadedModel,
  towers: readonly ServedTower[],
  lists: ReadonlyMap<string, ItemsOfList>,
  options: ExportOptions,
): Promise<Exported> {
  const { plan } = trained;
  const { status, epochs, steps } = trained.manifest.training;
  const { folder, tower: version } = options;
  const files: string[] = [];
  const towerDescriptions: Record<string, ServingTower> = {};
  const textFiles = new Map<string, string>();
  const encodingFiles = new Map<string, string>();
  const encodingFile = (feature: string): string => {
    const knownFile = encodingFiles.get(feature);
    if (knownFile !== undefined) return knownFile;
    const encoding = lists.get(feature)?.encoding ?? trained.encodings.get(feature);
    invariant(encoding, `feature ${feature} has no encoding`);
    const file = addEncoding(textFiles, feature, encoding);
    encodingFiles.set(feature, file);
    return file;
  };
  const missingOf = (feature: string): number => missingCode(trained.encodings.get(feature)!);
  const histories = new Map(Object.entries(trained.manifest.data.histories));
  for (const { tower, graph, parameters } of towers) {
    const { name } = tower;
    const written = [
      await writeFiles(folder, `${name}/tfjs`, servingTfjs(graph, parameters)),
      await writeFiles(folder, name, { 'model.onnx': servingOnnx(graph, parameters) }),
      await writeFiles(folder, `${name}/saved_model`, servingSavedModel(graph, parameters)),
    ];
    for (const file of written.flat()) files.push(file);
    towerDescriptions[name] = describeTower(plan, tower, graph, encodingFile, missingOf, histories);
  }
  await writeTexts(folder, textFiles);
  const index = options.items && (await writeItems(folder, options.items));
  if (index) files.push(index.vectors, index.items);
  const { interests } = plan.towers[0];
  const { width, interests: itemVectors } = plan.towers[1];
  const bestOf = interests === undefined ? 'inner product' : 'largest inner product';
  const serving: ServingDescription = {
    format: 'tower-serving-1',
    tower: version,
    model: plan.model,
    training: { status, epochs, steps },
    retrieval: {
      query: plan.towers[0].name,
      item: plan.towers[1].name,
      ...{ width, interests, itemVectors },
      score: itemVectors === undefined ? bestOf : 'sum of largest inner products',
    },
    index,
    towers: towerDescriptions,
    rules: publishedRules(),
  };
  await refuseUnlessValid('serving', serving, join(folder, 'serving.json'));
  await writeTextDurably(join(folder, 'serving.json'), `${JSON.stringify(serving, undefined, 2)}\n`);
  return { serving, files: [...files, ...textFiles.keys(), 'serving.json'].sort() };
}

function refuseTooLarge({ name }: TowerPlan, parameters: Tensors): void {
  const bytes = Object.values(parameters).reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes > maxMessageBytes) throw failure('too-large-to-export', { tower: name, bytes, limit: maxMessageBytes });
}

async function writeFiles(
  folder: string,
  under: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<string[]> {
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(folder, under, name);
    await makeFolder(dirname(path));
    await writeDurably(path, (sink) => sink.write(bytes));
  }
  return Object.keys(files).map((name) => `${under}/${name}`);
}

function describeTower(
  plan: Plan,
  tower: TowerPlan,
  graph: Graph,
  encodingFile: (feature: string) => string,
  missingOf: (feature: string) => number,
  histories: Histories,
): ServingTower {
  const { name, key } = tower;
  const listEntries = (feature: FeaturePlan) => ({ ...elementLimitOf(feature, histories), ...unseenRule(feature) });
  const featurePart = (featureName: string): ServingPart => {
    const feature = plan.features.find((otherFeature) => otherFeature.name === featureName);
    invariant(feature, `feature ${featureName} is planned`);
    return {
      name: featureName,
      ...(madeOf(feature).length > 0 ? {} : { column: feature.column }),
      encoding: encodingFile(encodingOf(feature)),
      ...(feature.last === undefined ? {} : { last: featurePart(feature.last) }),
      ...(feature.gives === 'bag' ? listEntries(feature) : {}),
    };
  };
  return {
    key,
    files: { tfjs: `${name}/tfjs/model.json`, onnx: `${name}/model.onnx`, savedModel: `${name}/saved_model` },
    inputs: graph.inputs.map((input): ServingInput => {
      const { dtype } = graph.nodes[input.node]!.type;
      const typedInput = { name: input.name, dtype, shape: shapeOf(graph, input.node) };
      const weightedFeature = plan.features.find((otherFeature) => input.name === weightsInput(otherFeature.name));
      if (weightedFeature?.weights) {
        const { weights: column, name: of } = weightedFeature;
        return { ...typedInput, gives: 'weights', column, of, padding: 0 };
      }
      const feature = plan.features.find((otherFeature) => otherFeature.name === input.name);
      invariant(feature, `input ${input.name} of tower ${name} is a feature`);
      return {
        ...typedInput,
        gives: feature.gives,
        ...(madeOf(feature).length > 0 ? {} : { column: feature.column }),
        encoding: encodingFile(encodingOf(feature)),
        ...(feature.gives === 'code' ? { missing: missingOf(feature.encoderOf) } : {}),
        crosses: feature.crosses?.map(featurePart),
        ...(feature.last === undefined ? {} : { last: featurePart(feature.last) }),
        ...(feature.along === undefined ? {} : { along: featurePart(feature.along) }),
        ...(feature.along === undefined || feature.each ? {} : { missing: missingOf(feature.encoderOf) }),
        ...(feature.each ? { each: { atMost: feature.each.max, ...unseenRule({ ...feature, ...feature.each }) } } : {}),
        ...(feature.gives === 'bag' ? { padding: -1, ...listEntries(feature) } : {}),
        ...(feature.weights === undefined ? {} : { weights: weightsInput(feature.name) }),
      };
    }),
    outputs: graph.outputs.map((output) => ({
      name: output.name,
      dtype: graph.nodes[output.node]!.type.dtype,
      shape: shapeOf(graph, output.node),
    })),
  };
}

/** Returns the feature whose encoding an export uses. A list that goes through the item tower has its own encoding, of items of the corpus. */
const encodingOf = ({ name, through, encoderOf }: FeaturePlan): string => (through ? name : encoderOf);

function unseenRule(feature: Pick<FeaturePlan, 'encoder' | 'skipsUnseen' | 'through'>): Pick<ServingInput, 'unseen'> {
  if (feature.through) return { unseen: 'skip' };
  return feature.encoder.kind === 'vocabulary' ? { unseen: feature.skipsUnseen ? 'skip' : 'keep' } : {};
}

const shapeOf = (graph: Graph, node: number): ServingShape =>
  graph.nodes[node]!.type.shape.map((dim) => (typeof dim === 'number' ? dim : 'batch'));

/** The contents of serving.json. `serving.schema.json` describes each entry. */
export interface ServingDescription {
  readonly format: 'tower-serving-1';
  readonly tower: string;
  readonly model: string;
  /** `interrupted` and `stopped` are models whose training did not end. */
  readonly training: Pick<Manifest['training'], 'status' | 'epochs' | 'steps'>;
  readonly retrieval: {
    readonly query: string;
    readonly item: string;
    readonly width: number;
    /** Number of query vectors per row. Search with each, and keep the best score of an item. */
    readonly interests?: number;
    /** Number of vectors per item, of which the last number is 1, or 0 if the item lacks it. Absent: one. */
    readonly itemVectors?: number;
    readonly score: 'inner product' | 'largest inner product' | 'sum of largest inner products';
  };
  /** The vectors of all items, as `tower export --index` writes them. */
  readonly index?: ItemIndex;
  readonly towers: Readonly<Record<string, ServingTower>>;
  /** The encoding of texts as codes, with test values for ports. */
  readonly rules: PublishedRules;
}

interface ServingTower {
  readonly key?: string;
  readonly files: { readonly tfjs: string; readonly onnx: string; readonly savedModel: string };
  readonly inputs: readonly ServingInput[];
  readonly outputs: readonly { readonly name: string; readonly dtype: string; readonly shape: ServingShape }[];
}

export interface ServingInput {
  readonly name: string;
  readonly dtype: string;
  readonly shape: ServingShape;
  readonly gives: 'code' | 'bag' | 'numbers' | 'weights';
  /** Absent for a cross. */
  readonly column?: string;
  /** Absent if the input has weights. */
  readonly encoding?: string;
  /** The input with the weights of the elements of a list. */
  readonly weights?: string;
  /** The list that the weights belong to. */
  readonly of?: string;
  /** The code of a missing value: for a feature with one code, or with one for each element of a list. */
  readonly missing?: number;
  readonly crosses?: readonly ServingPart[];
  readonly last?: ServingPart;
  /** The list to which these values belong, one value for each of its elements. */
  readonly along?: ServingPart;
  /** If each element has several values: how many of its first values are read. */
  readonly each?: Pick<ServingInput, 'atMost' | 'unseen'>;
  readonly padding?: -1 | 0;
  readonly keeps?: ElementLimit['keeps'];
  readonly atMost?: number;
  /** For a bag: whether elements outside the vocabulary are skipped. */
  readonly unseen?: 'skip' | 'keep';
}

/** A part of an input. `column` is absent if the part is computed from other features. */
interface ServingPart extends Pick<ServingInput, 'name' | 'column' | 'last' | 'keeps' | 'atMost' | 'unseen'> {
  readonly encoding: string;
}

type ServingShape = readonly (number | 'batch')[];

/** The vectors of all items, in files for other search systems: a NumPy array, and the same rows with keys and titles as Parquet. */
interface ExportedItems {
  readonly keys: Texts;
  readonly titles?: Texts;
  readonly vectors: Vectors;
}

interface ItemIndex {
  readonly vectors: string;
  readonly items: string;
  readonly rows: number;
}

/** @throws Failure `cannot-write` */
export async function writeItems(
  folder: string,
  { keys, titles, vectors: ofItems }: ExportedItems,
): Promise<ItemIndex> {
  // Several vectors of an item lie end to end.
  const { data, rows, width, interests = 1 } = ofItems;
  const vectors = { data, rows, width: width * interests };
  const index = { vectors: 'index/vectors.npy', items: 'index/items.parquet', rows: vectors.rows };
  await makeFolder(join(folder, 'index'));
  await writeNpy(join(folder, index.vectors), vectors);
  const columns = [
    { name: 'key', texts: keys },
    ...(titles ? [{ name: 'title', texts: titles }] : []),
    { name: 'vector', numbers: vectors.data, width: vectors.width },
  ];
  await writeParquet(join(folder, index.items), columns, vectors.rows);
  return index;
}
