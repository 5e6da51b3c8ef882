/** Builds the exported graph of a tower: it contains the table lookups, so that it runs without this library. */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { type Builder, GraphWriter, makeBuilderFor, type Ref } from '../builder.ts';
import { symbolicDim } from '../dims.ts';
import type { Graph } from '../graph.ts';
import { removeUnread } from '../passes/dead.ts';
import type { FeaturePlan, InputSource, Plan, TowerPlan } from './plan.ts';

/** Returns the name of the parameter that holds a table: float32 [rows, dim]. */
export const tableParameter = (table: string): string => `table:${table}`;

/** Returns the name of the input with the weights of a list. */
export const weightsInput = (list: string): string => `${list}/weights`;

/**
 * Returns the graph of an exported tower. Inputs are named after the features: int32 [batch] codes; int32 [batch, max] bags, −1 after their end; int32 [batch,
 * max, values] bags of elements with several values, likewise; float32 [batch, width] encoded numbers; float32 [batch, max] `weightsInput` of a list that has
 * weights. Output `vector` is float32 [batch, width]. Parameters are the tower's own and `table:<name>` for each table that it reads; a list that goes through
 * the item tower has one under its own name; `tableRows` has the number of rows of each. An empty bag gives zeros. If a feature skips unseen values, code 0
 * does not count either.
 */
export function makeServingGraph(plan: Plan, tower: TowerPlan, tableRows: ReadonlyMap<string, number>): Graph {
  const writer = new GraphWriter(`${plan.model}_${tower.name}_serving`);
  const builder = makeBuilderFor(writer);
  const features = new Map(plan.features.map((feature) => [feature.name, feature]));
  const sources = new Map(tower.embedded.inputs.map(({ name, source }) => [name, source]));
  const { graph } = tower.embedded;
  const vectorGraph = removeUnread({ ...graph, outputs: graph.outputs.filter(({ name }) => name === 'vector') });
  copyGraph(writer, vectorGraph, (name) => {
    const source = sources.get(name);
    invariant(source, `input ${name} of tower ${tower.name} has a source`);
    return addServedInput(builder, source, features, tableRows);
  });
  return writer.finish();
}

function addServedInput(
  builder: Builder,
  source: InputSource,
  features: ReadonlyMap<string, FeaturePlan>,
  tableRows: ReadonlyMap<string, number>,
): Ref {
  invariant(isServed(source), `a served tower reads features only, not ${source.from}`);
  const feature = features.get(source.feature);
  invariant(feature, `feature ${source.feature} is planned`);
  const batch = symbolicDim('batch');
  switch (source.from) {
    case 'numbers':
      return builder.input(feature.name, [batch, encoderWidth(feature)]);
    case 'mask':
      return elementMask(builder, feature);
    case 'sequence':
      if (feature.each) return pooledElements(builder, feature, feature.each, tableRows);
      return maskedRows(builder, feature, tableRows);
    case 'embedding': {
      if (source.pool === 'none') {
        const tableRef = addTable(builder, { ...feature, ...tableOfBias(source) }, tableRows);
        return builder.gather(tableRef, builder.input(feature.name, [batch], 'int32'));
      }
      if (feature.weights !== undefined) return addWeightedPool(builder, feature, tableRows, source.pool === 'mean');
      const rowSum = builder.sum(maskedRows(builder, feature, tableRows), [1]);
      if (source.pool === 'sum') return rowSum;
      const filledCount = builder.sum(elementMask(builder, feature), [1], true);
      return builder.div(rowSum, builder.maximum(filledCount, 1));
    }
  }
}

/** Sums the rows of elements that count, times their weights; a mean is divided by the sum of these weights, and is zeros if that is 0. */
function addWeightedPool(
  builder: Builder,
  feature: FeaturePlan,
  tableRows: ReadonlyMap<string, number>,
  isMean: boolean,
): Ref {
  const codes = bagInput(builder, feature);
  const { shape } = codes.type;
  const givenWeights = builder.input(weightsInput(feature.name), shape);
  const weights = builder.mul(givenWeights, elementMask(builder, feature));
  const weightedRows = builder.mul(maskedRows(builder, feature, tableRows), builder.reshape(weights, [...shape, 1]));
  const rowSum = builder.sum(weightedRows, [1]);
  if (!isMean) return rowSum;
  const weightSum = builder.sum(weights, [1], true);
  return builder.div(rowSum, builder.select(builder.greater(weightSum, 0), weightSum, 1));
}

/** Returns the table and the width of a bias, which has a table of its own with one number per row. */
const tableOfBias = ({ table }: Extract<InputSource, { readonly from: 'embedding' }>) =>
  table === undefined ? {} : { table, width: 1 };

type ServedSource = Extract<InputSource, { readonly from: 'numbers' | 'mask' | 'sequence' | 'embedding' }>;

const isServed = (source: InputSource): source is ServedSource =>
  ['numbers', 'mask', 'sequence', 'embedding'].includes(source.from);

/** int32 [batch, max] */
function bagInput(builder: Builder, { name, max }: FeaturePlan): Ref {
  invariant(max !== undefined, `bag ${name} has a largest length`);
  return builder.input(name, [symbolicDim('batch'), max], 'int32');
}

/** Returns 1 where a bag has an element that counts: float32 [batch, max] */
function elementMask(builder: Builder, feature: FeaturePlan): Ref {
  // In a list through the item tower, code 0 is an item outside the corpus.
  const smallestCode = feature.skipsUnseen || feature.through ? 1 : 0;
  return builder.cast(builder.greaterEqual(bagInput(builder, feature), smallestCode), 'float32');
}

/** Returns float32 [batch, max, dim], zeros after a bag's end and for elements that do not count */
function maskedRows(builder: Builder, feature: FeaturePlan, tableRows: ReadonlyMap<string, number>): Ref {
  const codes = bagInput(builder, feature);
  const rows = builder.gather(addTable(builder, feature, tableRows), builder.maximum(codes, 0));
  return builder.mul(rows, builder.reshape(elementMask(builder, feature), [...codes.type.shape, 1]));
}

/** Returns float32 [batch, max, dim]: the pooled values of each element, zeros if it has none */
function pooledElements(
  builder: Builder,
  feature: FeaturePlan,
  { max: values, pool, skipsUnseen }: NonNullable<FeaturePlan['each']>,
  tableRows: ReadonlyMap<string, number>,
): Ref {
  const { name, max, width } = feature;
  invariant(max !== undefined, `bag ${name} has a largest length`);
  const batch = symbolicDim('batch');
  const codes = builder.input(name, [batch, max, values], 'int32');
  const isCounted = builder.cast(builder.greaterEqual(codes, skipsUnseen ? 1 : 0), 'float32');
  // Engines agree in sums of tensors with three axes or fewer.
  const lineCount = symbolicDim('batch', max);
  const flatCodes = builder.reshape(codes, [lineCount, values]);
  const rows = builder.gather(addTable(builder, feature, tableRows), builder.maximum(flatCodes, 0));
  const valueMask = builder.reshape(isCounted, [lineCount, values, 1]);
  const valueSum = builder.sum(builder.mul(rows, valueMask), [1]);
  const pooled = pool === 'sum' ? valueSum : builder.div(valueSum, builder.maximum(builder.sum(valueMask, [1]), 1));
  return builder.reshape(pooled, [batch, max, width]);
}

function addTable(builder: Builder, feature: FeaturePlan, tableRows: ReadonlyMap<string, number>): Ref {
  const tableName = feature.through ? feature.name : feature.table;
  const rows = tableName === undefined ? undefined : tableRows.get(tableName);
  invariant(tableName !== undefined && rows !== undefined, `feature ${feature.name} has a table of known length`);
  return builder.parameter(tableParameter(tableName), [rows, feature.width], { kind: 'zeros' }, { trainable: false });
}

function encoderWidth({ encoder }: FeaturePlan): number {
  return encoder.kind === 'vector' ? encoder.size : 1;
}

/** Writes a graph's nodes to another one, and replaces each input by a value of that one; parameters, outputs and labels stay. */
function copyGraph(target: GraphWriter, graph: Graph, replaceInput: (name: string) => Ref): void {
  const refs: Ref[] = [];
  for (const node of graph.nodes) {
    target.label = node.label;
    const leafRef = node.op === 'Input' ? replaceInput(String(node.attributes.name)) : target.copyLeaf(graph, node);
    const operands = node.inputs.map((operand) => refs[operand]!);
    refs.push(leafRef ?? target.reapply(node, operands));
  }
  target.label = '';
  for (const { name, node } of graph.outputs) target.output(name, refs[node]!);
}
