/**
 * Checks that the files of a model are consistent: names, widths, graphs, encodings and weights. Checksums detect accidental changes; this check makes sure that the
 * model can be computed, whatever was written and sealed. Long because each part of a model has its check here, next to the other parts that it must agree with.
 */

import { join } from 'node:path';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import type { ExpectedTensor } from '../../base/storage/tensor_header.ts';
import { isSameJson } from '../../base/util/objects.ts';
import { metrics } from '../../compiler/library/metrics/table.ts';
import { type Encoding, rowsOf } from '../../data/dataset.ts';
import { printType, sameType, symbolicDim } from '../../graph/dims.ts';
import type { Dim, Graph, TensorType } from '../../graph/graph.ts';
import {
  elementOutputName,
  type FeaturePlan,
  type FittedPlan,
  fittedTables,
  type GraphPlan,
  graphsOfTower,
  type InputPlan,
  type Plan,
  type RowsOf,
  shortenedLength,
  type TowerPartPlan,
  type TowerPlan,
} from '../../graph/plan/plan.ts';
import { rowsSymbol } from '../../graph/plan/rows_prefix.ts';
import { verifyGraph } from '../../graph/verify.ts';
import { weightNames } from './checkpoint.ts';
import { hasRepeats } from './encoding_file.ts';
import { type Manifest, manifestFile } from './run_manifest.ts';

export interface ModelParts {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly plan: Plan;
  readonly encodings: ReadonlyMap<string, Encoding>;
}

/** @throws Failure `damaged-file` with the file and its first inconsistency */
export function refuseInconsistent({ folder, manifest, plan, encodings }: ModelParts): void {
  const rejectFirst = (file: string, reasons: Iterable<string>): void => {
    for (const reason of reasons) throw failure('damaged-file', { path: join(folder, file), reason });
  };
  rejectFirst(manifestFile, problemsOfPlan(plan, encodings));
  if (plan.fitted) rejectFirst(manifestFile, problemsOfFitted(plan.fitted, plan));
  for (const [feature, path] of Object.entries(manifest.encodings)) {
    rejectFirst(path, problemsOfEncoding(feature, encodings.get(feature)!, plan));
  }
  plan.towers.forEach((tower, index) => {
    if (plan.fitted) return;
    rejectFirst(manifestFile, problemsOfParts(tower, plan));
    const storedTower = manifest.plan.towers[index]!;
    const graphFiles = [storedTower.embedded, ...(storedTower.parts ?? [])].map(({ graph }) => graph);
    graphsOfTower(tower).forEach((graphPlan, place) => {
      rejectFirst(graphFiles[place]!, problemsOfGraph(graphPlan.graph, graphPlan.inputs));
      rejectFirst(graphFiles[place]!, problemsOfTower(tower, graphPlan, plan));
    });
  });
  rejectFirst(manifest.plan.step.graph, problemsOfGraph(plan.step.graph, plan.step.inputs));
  const { predictions } = plan;
  if (predictions) {
    const graphFile = manifest.plan.predictions!.graph;
    rejectFirst(graphFile, problemsOfGraph(predictions.graph, predictions.inputs));
    rejectFirst(graphFile, problemsOfPredictions(predictions, plan));
  }
}

export function expectedWeights(plan: Plan, encodings: ReadonlyMap<string, Encoding>): Map<string, ExpectedTensor> {
  const expectedTensors = new Map<string, ExpectedTensor>();
  for (const { name, dim, encoderOf } of plan.tables) {
    expectedTensors.set(`table/${name}`, { dtype: 'F32', shape: [rowsOf(encodings.get(encoderOf)!), dim] });
  }
  const weightSet = weightNames(plan);
  const { towers, step, predictions } = plan;
  for (const { graph } of [...towers.map(({ embedded }) => embedded), step, ...(predictions ? [predictions] : [])]) {
    for (const { name, node } of graph.parameters) {
      const shape = graph.nodes[node]!.type.shape as readonly number[];
      if (weightSet.has(name)) expectedTensors.set(`parameter/${name}`, { dtype: 'F32', shape });
    }
  }
  return expectedTensors;
}

function* problemsOfPlan(plan: Plan, encodings: ReadonlyMap<string, Encoding>): Iterable<string> {
  const { features, tables, towers, train } = plan;
  yield* duplicateNames('feature', features);
  yield* duplicateNames('table', tables);
  yield* duplicateNames('tower', towers);
  for (const { name, encoderOf } of tables) {
    const encoding = encodings.get(encoderOf);
    if (!encoding) yield `table \`${name}\` has no encoding`;
    else if (rowsOf(encoding) === 0) yield `table \`${name}\` has the encoding of numbers`;
  }
  for (const feature of features) yield* problemsOfFeature(feature, plan, encodings);
  for (const tower of towers) {
    for (const name of [...tower.features, ...(tower.key === undefined ? [] : [tower.key])]) {
      if (!features.some((feature) => feature.name === name))
        yield `tower \`${tower.name}\` has no feature \`${name}\``;
    }
  }
  const [query, item] = towers;
  if (!plan.fitted && query.width === 0) yield 'the towers have no vectors';
  if (query.width !== item.width) yield `the towers are ${query.width} and ${item.width} wide`;
  if (item.interests !== undefined && query.interests === undefined)
    yield 'the tower of the items has several vectors a row, and that of the queries has not';
  const metric = train.stop?.metric;
  if (metric !== undefined && !Object.hasOwn(metrics, metric)) yield `there is no metric \`${metric}\``;
}

/** A fitted score has its own tables, one list of items, and towers without vectors. */
function* problemsOfFitted(fitted: FittedPlan, { features, tables, towers, tasks }: Plan): Iterable<string> {
  const [query, item] = towers;
  const list = features.find(({ name }) => name === fitted.list);
  const key = features.find(({ name }) => name === item.key);
  if (key?.gives !== 'code' || list?.gives !== 'bag' || list.encoderOf !== key.encoderOf)
    yield `\`${fitted.list}\` is no list of the items`;
  else if (!query.features.includes(list.name)) yield `tower \`${query.name}\` does not read \`${list.name}\``;
  else if (!isSameJson(tables, fittedTables(fitted, key.encoderOf))) yield 'the tables are not those of its score';
  if (query.width + item.width > 0 || query.interests) yield 'a fitted score has no vectors';
  if (tasks.length !== 1) yield 'a fitted score has one task';
}

function* problemsOfFeature(
  feature: FeaturePlan,
  { features, tables, towers }: Plan,
  encodings: ReadonlyMap<string, Encoding>,
): Iterable<string> {
  const { name, encoderOf, crosses, gives, table, width, max } = feature;
  const encoding = encodings.get(encoderOf);
  if (!encoding) return yield `feature \`${name}\` has no encoding`;
  const kind = feature.encoder.kind === 'quantiles' ? 'boundaries' : feature.encoder.kind;
  if (kind !== encoding.kind) yield `feature \`${name}\` needs the encoding ${kind}, and has ${encoding.kind}`;
  if (feature.weights !== undefined && gives !== 'bag') yield `feature \`${name}\` has weights, and is no list`;
  if (gives === 'bag' && max === undefined) yield `list \`${name}\` has no largest length`;
  if ((gives === 'numbers') !== (rowsOf(encoding) === 0)) yield `feature \`${name}\` cannot give ${gives}`;
  if (gives === 'code' && ['words', 'bigrams', 'trigrams'].includes(encoding.kind))
    yield `feature \`${name}\` gives a list`;
  for (const part of crosses ?? []) {
    const crossedFeature = features.find((otherFeature) => otherFeature.name === part);
    if (crossedFeature?.gives !== 'code' || crossedFeature.crosses) yield `cross \`${name}\` has no part \`${part}\``;
  }
  const { through } = feature;
  if (
    through &&
    (gives !== 'bag' || table !== undefined || towers[1].name !== through.tower || towers[1].features.includes(name))
  )
    yield `feature \`${name}\` cannot go through tower \`${through.tower}\``;
  if (table === undefined) return;
  const tableOfFeature = tables.find((otherTable) => otherTable.name === table);
  if (!tableOfFeature) yield `feature \`${name}\` has no table \`${table}\``;
  else if (tableOfFeature.dim !== width || tableOfFeature.encoderOf !== encoderOf)
    yield `table \`${table}\` does not fit feature \`${name}\``;
}

function* problemsOfEncoding(feature: string, encoding: Encoding, { features }: Plan): Iterable<string> {
  if ('values' in encoding && encoding.values && hasRepeats(encoding.values)) yield 'the vocabulary has a value twice';
  if (encoding.kind === 'boundaries' && encoding.boundaries.some((value, i, list) => i > 0 && value < list[i - 1]!)) {
    yield 'its boundaries do not ascend';
  }
  if (encoding.kind === 'standardize' && !(encoding.deviation > 0)) yield 'its deviation is not above 0';
  // Declared parts, which are not learned, must equal those of the plan.
  for (const { name, encoder, encoderOf } of features) {
    if (encoderOf !== feature) continue;
    const declared: Readonly<Record<string, unknown>> = { ...encoder };
    for (const entry of ['buckets', 'log', 'part', 'size'] as const) {
      if (entry === 'buckets' && encoder.kind === 'quantiles') continue;
      const learnedValue = (encoding as unknown as Readonly<Record<string, unknown>>)[entry];
      if (learnedValue !== undefined && learnedValue !== declared[entry]) {
        yield `its \`${entry}\` is ${learnedValue}, and feature \`${name}\` has ${declared[entry]}`;
      }
    }
  }
}

function* problemsOfGraph(graph: Graph, inputs: readonly InputPlan[]): Iterable<string> {
  yield* verifyGraph(graph);
  yield* duplicateNames('input', inputs);
  for (const { name } of graph.inputs) {
    if (!inputs.some((input) => input.name === name)) yield `the plan does not feed its input \`${name}\``;
  }
  for (const { name } of inputs) {
    if (!graph.inputs.some((graphInput) => graphInput.name === name)) yield `it has no input \`${name}\``;
  }
  for (const { name, node } of graph.parameters) {
    const { dtype, shape } = graph.nodes[node]!.type;
    if (dtype !== 'float32' || shape.some((dim) => typeof dim !== 'number')) {
      yield `its parameter \`${name}\` is ${printType({ dtype, shape })}`;
    }
  }
}

/** Yields problems of the graphs for short lists: their lengths must ascend, refer to one list of the tower, and be below its maximum. */
function* problemsOfParts({ name, features, parts = [] }: TowerPlan, plan: Plan): Iterable<string> {
  let lastLength = 0;
  for (const { feature, length } of parts) {
    const list = plan.features.find((listFeature) => listFeature.name === feature);
    if (!features.includes(feature) || list?.gives !== 'bag' || feature !== parts[0]!.feature) {
      yield `tower \`${name}\` is cut by \`${feature}\`, which is not its list`;
    } else if (length <= lastLength || length >= list.max!) yield `tower \`${name}\` has a part of ${length} elements`;
    lastLength = length;
  }
}

const events: RowsOf = { kind: 'events' };

const rowsOfGraph = (graphPlan: GraphPlan | TowerPartPlan): RowsOf =>
  'length' in graphPlan ? { kind: 'part', feature: graphPlan.feature, length: graphPlan.length } : events;

const batchOf = (rows: RowsOf): Dim => symbolicDim(rows.kind === 'part' ? rowsSymbol(rows) : 'batch');

function* problemsOfTower(
  { name, width, interests, features, embedded, readouts }: TowerPlan,
  graphPlan: GraphPlan | TowerPartPlan,
  plan: Plan,
): Iterable<string> {
  const { graph } = graphPlan;
  const rows = rowsOfGraph(graphPlan);
  const batch = batchOf(rows);
  const typeOf = (node: number): TensorType => graph.nodes[node]!.type;
  yield* problemsOfInputs(graphPlan, plan, features, rows);
  const vectorType = float(batch, ...(interests === undefined ? [] : [interests]), width);
  const elements = plan.features.flatMap(({ through, width }) =>
    through?.tower === name ? [[elementOutputName(through.channel), width] as const] : [],
  );
  for (const [output, width] of elements) {
    const elementsOutput = graph.outputs.find((graphOutput) => graphOutput.name === output);
    if (!elementsOutput || !sameType(typeOf(elementsOutput.node), float(batch, width)))
      yield `tower \`${name}\` gives no \`${output}\``;
  }
  const elementOutputs = new Set(elements.map(([output]) => output));
  const [output, ...more] = graph.outputs.filter((graphOutput) => !elementOutputs.has(graphOutput.name));
  if (output?.name !== 'vector' || more.length > 0) yield `tower \`${name}\` gives no vector alone`;
  else if (!sameType(typeOf(output.node), vectorType)) {
    yield `tower \`${name}\` gives ${printType(typeOf(output.node))}, and should give ${printType(vectorType)}`;
  }
  if (graph.updates.length > 0) yield `tower \`${name}\` changes its weights`;
  if (graphPlan !== embedded) return;
  for (const { label, of } of readouts ?? []) {
    const node = graph.nodes.findLast((graphNode) => graphNode.label === label);
    if (!node || !sameType(node.type, float(batch, of.length))) yield `it has no ${label} of ${of.length} fields`;
  }
}

/** @param readableFeatures the features that the graph may read */
function* problemsOfInputs(
  { graph, inputs }: GraphPlan,
  plan: Plan,
  readableFeatures: readonly string[],
  rows: RowsOf,
): Iterable<string> {
  for (const input of inputs) {
    const { node } = graph.inputs.find((graphInput) => graphInput.name === input.name)!;
    const { type } = graph.nodes[node]!;
    const fedType = typeOfInput(input, plan, readableFeatures, rows);
    if (typeof fedType === 'string') yield `input \`${input.name}\` ${fedType}`;
    else if (!sameType(fedType, type)) {
      yield `input \`${input.name}\` is ${printType(type)}, and is fed ${printType(fedType)}`;
    }
  }
}

function* problemsOfPredictions(predictions: GraphPlan, plan: Plan): Iterable<string> {
  const { graph } = predictions;
  yield* problemsOfInputs(
    predictions,
    plan,
    plan.features.map(({ name }) => name),
    events,
  );
  for (const { name, predicts } of plan.tasks) {
    const output = graph.outputs.find((graphOutput) => graphOutput.name === `prediction:${name}`);
    if (predicts === undefined) continue;
    if (!output || !sameType(graph.nodes[output.node]!.type, float(batchOf(events))))
      yield `it gives no prediction of task \`${name}\``;
  }
  if (graph.updates.length > 0) yield 'it changes weights';
}

/** Returns the type that the host feeds, or the problem as the rest of a sentence. */
function typeOfInput(
  { source }: InputPlan,
  { features, tables }: Plan,
  readableFeatures: readonly string[],
  rows: RowsOf,
): TensorType | string {
  if (!('feature' in source) || !isSameJson(source.rows, rows)) return 'is of no feature of the row';
  const feature = features.find(({ name }) => name === source.feature);
  if (!feature || !readableFeatures.includes(feature.name))
    return `is of \`${source.feature}\`, which is no feature of the tower`;
  const { gives, max, width, encoder, along } = feature;
  const batch = batchOf(rows);
  const table = feature.table ?? feature.through?.channel;
  const isBag = gives === 'bag';
  const length = shortenedLength(rows, along ?? feature.name) ?? max ?? 0;
  switch (source.from) {
    case 'embedding':
      if (source.table !== undefined) {
        const biasTable = tables.find((otherTable) => otherTable.name === source.table);
        return gives === 'code' && biasTable?.encoderOf === feature.encoderOf
          ? float(batch, biasTable.dim)
          : `is of \`${feature.name}\`, which has no table \`${source.table}\``;
      }
      if (table === undefined || gives === 'numbers') return `is of \`${feature.name}\`, which has no table`;
      return (source.pool === 'none') === isBag ? `pools \`${feature.name}\` by ${source.pool}` : float(batch, width);
    case 'sequence':
      return isBag && table !== undefined ? float(batch, length, width) : `is of \`${feature.name}\`, which is no list`;
    case 'mask':
      return isBag ? float(batch, length) : `is of \`${feature.name}\`, which is no list`;
    case 'numbers':
      if (gives !== 'numbers') return `is of \`${feature.name}\`, which gives no numbers`;
      return float(batch, encoder.kind === 'vector' ? encoder.size : 1);
    default:
      return 'is of training alone';
  }
}

const float = (...shape: readonly Dim[]): TensorType => ({ dtype: 'float32', shape });

function* duplicateNames(what: string, named: readonly { readonly name: string }[]): Iterable<string> {
  const seenNames = new Set<string>();
  for (const { name } of named) {
    if (seenNames.has(name)) yield `it has ${what} \`${name}\` twice`;
    seenNames.add(name);
  }
}
