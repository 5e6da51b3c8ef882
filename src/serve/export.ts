/**
 * Writes the towers so that they run without Tower: for each a TensorFlow.js graph model, an ONNX file and a SavedModel, codes in
 * and the retrieval vector out, and serving.json, which says what goes in.
 */
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Trained } from '../artifact/load.ts';
import { refuseUnlessValid } from '../artifact/validate.ts';
import { addEncoding, writeTexts } from '../artifact/write.ts';
import { missingCode } from '../data/columns/encode.ts';
import { publishedRules } from '../data/columns/encoders/published.ts';
import { defined } from '../defined.ts';
import { failure, invariant } from '../diagnostics/failure.ts';
import { writing } from '../diagnostics/system_reason.ts';
import type { Tensors } from '../engine/engine.ts';
import { servingOnnx } from '../engine/formats/onnx.ts';
import { servingSavedModel } from '../engine/formats/saved_model.ts';
import { servingTfjs } from '../engine/formats/tfjs_model.ts';
import type { Graph } from '../graph/graph.ts';
import { weightsInput } from '../lower/serving.ts';
import { type FeaturePlan, madeOf, type Plan, type TowerPlan } from '../plan/plan.ts';
import { makeFolder, remove, writeDurably, writeTextDurably } from '../storage/durable.ts';
import { lockFolder } from '../storage/lock.ts';
import { refuseOtherFiles } from './export_folder.ts';
import { type ExportedItems, writeItems } from './export_items.ts';
import { type Histories, keptOf } from './kept.ts';
import { type Elements, type ItemsOfList, listsOfItems, type ServedTower, servedTower } from './served_tower.ts';
import type { Serving, ServingInput, ServingPart, ServingShape, ServingTower } from './serving_file.ts';

export interface ExportOptions {
  readonly folder: string;
  /** Version of Tower. */
  readonly tower: string;
  readonly elements?: Elements;
  /** Also writes the vectors of these items: all of the corpus. */
  readonly items?: ExportedItems;
  /** Writes into a folder that is not empty; what an earlier export left of these towers is replaced. */
  readonly force?: boolean;
}

export interface Exported {
  readonly serving: Serving;
  /** Paths within the folder. */
  readonly files: readonly string[];
}

/** A protocol buffer, which ONNX and SavedModel are, holds less than this. */
const largestMessage = 2 ** 31 - 2 ** 20;

/** @throws Failure `folder-in-use`, `run-in-use`, `too-large-to-export`, `cannot-write` */
export async function exportModel(trained: Trained, options: ExportOptions): Promise<Exported> {
  const lists = listsOfItems(trained, options.elements);
  const towers = trained.plan.towers.map((tower) => servedTower(trained, tower, lists));
  for (const { tower, parameters } of towers) refuseTooLarge(tower, parameters);
  const lock = await lockFolder(options.folder, { purpose: 'tower export' });
  try {
    return await writeTowers(trained, towers, lists, options);
  } finally {
    await lock.release();
  }
}

async function writeTowers(
  trained: Trained,
  towers: readonly ServedTower[],
  lists: ReadonlyMap<string, ItemsOfList>,
  options: ExportOptions,
): Promise<Exported> {
  const { plan } = trained;
  const { status, epochs, steps } = trained.manifest.training;
  const { folder, tower: version } = options;
  await refuseOtherFiles(folder, options.force);
  // What says that the folder is an export goes first, and comes last.
  await remove(join(folder, 'serving.json'));

  const files: string[] = [];
  const described: Record<string, ServingTower> = {};
  const texts = new Map<string, string>();
  const encodingFiles = new Map<string, string>();
  const encodingFile = (feature: string): string => {
    const known = encodingFiles.get(feature);
    if (known !== undefined) return known;
    const encoding = lists.get(feature)?.encoding ?? trained.encodings.get(feature);
    invariant(encoding, `feature ${feature} has no encoding`);
    const file = addEncoding(texts, feature, encoding);
    encodingFiles.set(feature, file);
    return file;
  };
  const missingOf = (feature: string): number => missingCode(trained.encodings.get(feature)!);
  const histories = new Map(Object.entries(trained.manifest.data.histories));
  for (const { tower, graph, parameters } of towers) {
    const { name } = tower;
    const tfjs = join(folder, name, 'tfjs');
    await writing(tfjs, rm(tfjs, { recursive: true, force: true }));
    files.push(...(await writeAll(folder, `${name}/tfjs`, servingTfjs(graph, parameters))));
    files.push(...(await writeAll(folder, name, { 'model.onnx': servingOnnx(graph, parameters) })));
    files.push(...(await writeAll(folder, `${name}/saved_model`, servingSavedModel(graph, parameters))));
    described[name] = describe(plan, tower, graph, encodingFile, missingOf, histories);
  }
  await writeTexts(folder, texts);
  const index = options.items && (await writeItems(folder, options.items));
  if (index) files.push(index.vectors, index.items);
  const { interests } = plan.towers[0];
  const serving: Serving = {
    format: 'tower-serving-1',
    tower: version,
    model: plan.model,
    training: { status, epochs, steps },
    retrieval: {
      query: plan.towers[0].name,
      item: plan.towers[1].name,
      width: plan.towers[1].width,
      ...defined({ interests }),
      score: interests === undefined ? 'inner product' : 'largest inner product',
    },
    ...defined({ index }),
    towers: described,
    rules: publishedRules(),
  };
  await refuseUnlessValid('serving', serving, join(folder, 'serving.json'));
  await writeTextDurably(join(folder, 'serving.json'), `${JSON.stringify(serving, undefined, 2)}\n`);
  return { serving, files: [...files, ...texts.keys(), 'serving.json'].sort() };
}

function refuseTooLarge({ name }: TowerPlan, parameters: Tensors): void {
  const bytes = Object.values(parameters).reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes > largestMessage) throw failure('too-large-to-export', { tower: name, bytes, limit: largestMessage });
}

async function writeAll(folder: string, under: string, files: Readonly<Record<string, Uint8Array>>): Promise<string[]> {
  const paths: string[] = [];
  for (const [name, bytes] of Object.entries(files)) {
    const path = `${under}/${name}`;
    await makeFolder(dirname(join(folder, path)));
    await writeDurably(join(folder, path), (sink) => sink.write(bytes));
    paths.push(path);
  }
  return paths;
}

function describe(
  plan: Plan,
  tower: TowerPlan,
  graph: Graph,
  encodingFile: (feature: string) => string,
  missingOf: (feature: string) => number,
  histories: Histories,
): ServingTower {
  const { name, key } = tower;
  const listed = (feature: FeaturePlan) => ({ ...keptOf(feature, histories), ...unseenOf(feature) });
  const part = (of: string): ServingPart => {
    const feature = plan.features.find((each) => each.name === of);
    invariant(feature, `feature ${of} is planned`);
    return {
      name: of,
      ...(madeOf(feature).length > 0 ? {} : { column: feature.column }),
      encoding: encodingFile(encodingOf(feature)),
      ...(feature.last === undefined ? {} : { last: part(feature.last) }),
      ...(feature.gives === 'bag' ? listed(feature) : {}),
    };
  };
  return {
    ...defined({ key }),
    files: { tfjs: `${name}/tfjs/model.json`, onnx: `${name}/model.onnx`, savedModel: `${name}/saved_model` },
    inputs: graph.inputs.map((input): ServingInput => {
      const { dtype } = graph.nodes[input.node]!.type;
      const typed = { name: input.name, dtype, shape: shapeOf(graph, input.node) };
      const weighted = plan.features.find((each) => input.name === weightsInput(each.name));
      if (weighted?.weights) {
        return { ...typed, gives: 'weights', column: weighted.weights, of: weighted.name, padding: 0 };
      }
      const feature = plan.features.find((each) => each.name === input.name);
      invariant(feature, `input ${input.name} of tower ${name} is a feature`);
      return {
        ...typed,
        gives: feature.gives,
        ...(madeOf(feature).length > 0 ? {} : { column: feature.column }),
        encoding: encodingFile(encodingOf(feature)),
        ...(feature.gives === 'code' ? { missing: missingOf(feature.encoderOf) } : {}),
        ...defined({ crosses: feature.crosses?.map(part) }),
        ...(feature.last === undefined ? {} : { last: part(feature.last) }),
        ...(feature.along === undefined ? {} : { along: part(feature.along) }),
        ...(feature.along === undefined || feature.each ? {} : { missing: missingOf(feature.encoderOf) }),
        ...(feature.each ? { each: { atMost: feature.each.max, ...unseenOf({ ...feature, ...feature.each }) } } : {}),
        ...(feature.gives === 'bag' ? { padding: -1, ...listed(feature) } : {}),
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

/** Whose encoding a feature has in an export. A list that goes through the item tower has one of its own, of items of the corpus. */
const encodingOf = ({ name, through, encoderOf }: FeaturePlan): string => (through ? name : encoderOf);

const unseenOf = ({
  encoder,
  skipsUnseen,
  through,
}: Pick<FeaturePlan, 'encoder' | 'skipsUnseen' | 'through'>): Pick<ServingInput, 'unseen'> => {
  if (through) return { unseen: 'skip' };
  return encoder.kind === 'vocabulary' ? { unseen: skipsUnseen ? 'skip' : 'keep' } : {};
};

const shapeOf = (graph: Graph, node: number): ServingShape =>
  graph.nodes[node]!.type.shape.map((dim) => (typeof dim === 'number' ? dim : 'batch'));
