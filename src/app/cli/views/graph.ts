/** What each block of a model is: shapes at every arrow, parameters, FLOPs and bytes of one training step. */
import { failure } from '../../../base/diagnostics/failure.ts';
import { nearest } from '../../../base/text/nearest.ts';
import { positionAt, textOf } from '../../../base/text/source.ts';
import { defined } from '../../../base/util/defined.ts';
import { printValueType } from '../../../compiler/library/values.ts';
import type { Lowered } from '../../../compiler/lower/lower.ts';
import type { SharedByTasks } from '../../../compiler/lower/shared.ts';
import { type Cost, count } from '../../../graph/count.ts';
import type { Graph } from '../../../graph/graph.ts';
import { inPrecision } from '../../../graph/in_bfloat16.ts';
import { type GraphPlan, type Plan, sequenceFeature } from '../../../graph/plan/plan.ts';
import { largestSizes } from '../../../graph/plan/rows_prefix.ts';
import { tableOf } from '../table.ts';

export interface GraphSummary {
  readonly model: string;
  readonly batch: number;
  /** Where the targets are positions: the sequences of a step, if each of their elements is a target. Real lists are shorter. */
  readonly sequences?: { readonly count: number; readonly length: number };
  /** What every source and step of a flow carries, in the order of the file. */
  readonly flows: readonly {
    readonly line: number;
    readonly column: number;
    readonly text: string;
    readonly type: string;
  }[];
  readonly tables: readonly { readonly name: string; readonly dim: number; readonly rowsOf: string }[];
  /** One training step, by part of the model; a part holds those under it. */
  readonly parts: readonly (Cost & { readonly part: string })[];
  readonly total: Cost;
  /** What more than one task's loss reaches: weights by the layer that has them, and embedding rows by the input they come in by. */
  readonly shared: readonly { readonly name: string; readonly tasks: readonly string[] }[];
}

export function summarise({ plan, arrows, shared }: Lowered): GraphSummary {
  const graph = stepGraph(plan);
  const { batch } = plan.train;
  const sequences = sequencesOf(plan);
  const { parts, ...total } = count(graph, sizesOf({ ...plan.step, graph }, batch, sequences?.count));
  return {
    model: plan.model,
    batch,
    ...defined({ sequences }),
    flows: arrows.map(({ span, type }) => ({
      ...positionAt(span.source, span.start),
      text: textOf(span),
      type: printValueType(type),
    })),
    tables: plan.tables.map(({ name, dim, encoderOf }) => ({ name, dim, rowsOf: encoderOf })),
    parts: [...parts].map(([part, cost]) => ({ part, ...cost })),
    total,
    shared: [...new Map(shared.map(({ name, kind, tasks }) => [layerOf(name, kind), tasks]))].map(([name, tasks]) => ({
      name,
      tasks,
    })),
  };
}

/** As it runs where the precision does not depend on the machine. */
const stepGraph = (plan: Plan): Graph =>
  inPrecision(plan.step.graph, plan.train.precision === 'bf16' ? 'bf16' : 'float32', plan);

/** `user/shared/dense` has `weights` and `bias`. */
const layerOf = (name: string, kind: SharedByTasks['kind']): string =>
  kind === 'weights' ? name.split('/').slice(0, -1).join('/') : name;

/** Every length that only a run knows, at its value for a whole batch; accidental hits are counted as none. */
function sizesOf({ graph, inputs }: GraphPlan, batch: number, sequences = batch): Record<string, number> {
  const symbols = graph.nodes.flatMap(({ type }) =>
    type.shape.flatMap((dim) => (typeof dim === 'number' ? [] : [dim.symbol])),
  );
  const sizes: Record<string, number> = { sequences, ...largestSizes(inputs, { batch, sequences }) };
  return Object.fromEntries(
    symbols.map((symbol) => [symbol, symbol.startsWith('hits') ? 0 : (sizes[symbol] ?? batch)]),
  );
}

function sequencesOf({ step, train, features }: Plan): GraphSummary['sequences'] {
  const list = sequenceFeature(step);
  const length = features.find(({ name }) => name === list)?.max;
  return length === undefined ? undefined : { count: Math.ceil(train.batch / length), length };
}

export function summaryText({ model, batch, sequences, flows, tables, parts, total, shared }: GraphSummary): string {
  const width = Math.max(...flows.map(({ text }) => text.length));
  const costs = [...parts, { part: 'all', ...total }].map(({ part, ...cost }) => [indented(part), ...cells(cost)]);
  return [
    `model ${model}`,
    '',
    'what flows carry',
    ...flows.map(({ line, text, type }) => `  ${String(line).padStart(4)}  ${text.padEnd(width)}  ${type}`),
    '',
    'embedding tables, outside the graph',
    ...tables.map(({ name, dim, rowsOf }) => `  ${name}: ${dim} wide, a row for each code of ${rowsOf}`),
    '',
    ...(shared.length === 0
      ? []
      : ['shared by tasks', ...shared.map(({ name, tasks }) => `  ${name}: ${tasks.join(', ')}`), '']),
    `one training step at batch ${batch}${sequences ? `, as ${sequences.count} sequences of ${sequences.length} positions` : ''}`,
    tableOf(['part', 'parameters', 'MFLOP', 'MB moved'], costs),
  ].join('\n');
}

const cells = ({ parameters, flops, bytes }: Cost): string[] => [
  parameters.toLocaleString('en'),
  (flops / 1e6).toFixed(2),
  (bytes / 1e6).toFixed(2),
];

const indented = (part: string): string => {
  const path = part.split('/');
  return `${'  '.repeat(path.length - 1)}${path.at(-1)}`;
};

/** @throws Failure `unknown-name` */
export function graphOf(plan: Plan, name: string): Graph {
  const graphs = new Map<string, Graph>([
    ['step', stepGraph(plan)],
    ...plan.towers.map((tower) => [tower.name, tower.embedded.graph] as const),
  ]);
  const graph = graphs.get(name);
  if (!graph)
    throw failure('unknown-name', {
      what: 'graph',
      name,
      nearest: nearest(name, graphs.keys()),
      known: [...graphs.keys()],
    });
  return graph;
}
