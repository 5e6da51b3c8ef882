/** Prints each block of a model: shapes at every arrow, and parameters, FLOPs and bytes of one training step. */
import { failure } from '../../../base/diagnostics/diagnostic.ts';
import { findNearest } from '../../../base/text/nearest.ts';
import { positionAt, type Span, spanText } from '../../../base/text/source.ts';
import { printValueType } from '../../../compiler/library/values.ts';
import type { Lowered } from '../../../compiler/lower/lower.ts';
import type { SharedByTasks } from '../../../compiler/lower/shared.ts';
import type { FileNode } from '../../../compiler/syntax/ast.ts';
import { type Cost, countCost } from '../../../graph/count.ts';
import type { Graph } from '../../../graph/graph.ts';
import { graphInPrecision } from '../../../graph/in_bfloat16.ts';
import { type GraphPlan, type InputSource, type Plan, sequenceFeature } from '../../../graph/plan/plan.ts';
import { largestSizes } from '../../../graph/plan/rows_prefix.ts';
import type { Attention } from '../../../training/scoring/scorer.ts';
import { heading, pairsOf, tableOf } from '../layout.ts';

export interface GraphSummary {
  readonly model: string;
  readonly batch: number;
  /** If each element of a sequence is a target: the sequences of a step. Real lists are shorter. */
  readonly sequences?: { readonly count: number; readonly length: number };
  /** The type after every source and step of a flow, in the order of the file. */
  readonly flows: readonly {
    readonly line: number;
    readonly column: number;
    readonly text: string;
    readonly type: string;
  }[];
  readonly tables: readonly { readonly name: string; readonly dim: number; readonly rowsOf: string }[];
  /** Costs of one training step, by part of the model. A part includes its subparts. */
  readonly parts: readonly (Cost & { readonly part: string })[];
  readonly total: Cost;
  /** Parameters that the losses of several tasks reach: weights by layer, and embedding rows by input. */
  readonly shared: readonly { readonly name: string; readonly tasks: readonly string[] }[];
}

export function summarise({ plan, arrows, shared }: Lowered): GraphSummary {
  const graph = stepGraph(plan);
  const { batch } = plan.train;
  const sequences = sequencesOf(plan);
  const tasksOfLayers = new Map(shared.map(({ name, kind, tasks }) => [layerOf(name, kind), tasks]));
  const { parts, ...total } = countCost(graph, sizesOf({ ...plan.step, graph }, batch, sequences?.count));
  return {
    model: plan.model,
    batch,
    sequences,
    flows: arrows.map(({ span, type }) => ({
      ...positionAt(span.source, span.start),
      text: spanText(span),
      type: printValueType(type),
    })),
    tables: plan.tables.map(({ name, dim, encoderOf }) => ({ name, dim, rowsOf: encoderOf })),
    parts: [...parts].map(([part, cost]) => ({ part, ...cost })),
    total,
    shared: [...tasksOfLayers].map(([name, tasks]) => ({ name, tasks })),
  };
}

/** Returns the step's graph in a precision that does not depend on the machine. */
const stepGraph = (plan: Plan): Graph =>
  graphInPrecision(plan.step.graph, plan.train.precision === 'bf16' ? 'bf16' : 'float32', plan);

/** Returns the layer of a weight: `user/shared/dense` has `weights` and `bias`. */
const layerOf = (name: string, kind: SharedByTasks['kind']): string =>
  kind === 'weights' ? name.split('/').slice(0, -1).join('/') : name;

/** Returns a value for each symbolic length, for a full batch without accidental hits. */
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
  const listLength = features.find(({ name }) => name === list)?.max;
  return listLength === undefined ? undefined : { count: Math.ceil(train.batch / listLength), length: listLength };
}

export function summaryText({ model, batch, sequences, flows, tables, parts, total, shared }: GraphSummary): string {
  const costs = [...parts, { part: 'all', ...total }].map(({ part, ...cost }) => [indented(part), ...cells(cost)]);
  return [
    `model ${model}`,
    '',
    tableOf(
      ['line', 'step of a flow', 'carries'],
      flows.map(({ line, text, type }) => [String(line), text, type]),
    ),
    '',
    heading('Embedding tables, outside the graph'),
    tablesText(tables.map(({ rowsOf, ...table }) => ({ ...table, encoderOf: rowsOf }))),
    '',
    ...(shared.length === 0
      ? []
      : [heading('Shared by tasks'), pairsOf(shared.map(({ name, tasks }) => [name, tasks.join(', ')])), '']),
    heading(
      `One training step at batch ${batch}${sequences ? `, as ${sequences.count} sequences of ${sequences.length} positions` : ''}`,
    ),
    tableOf(['part', 'parameters', 'MFLOP', 'MB moved'], costs),
  ].join('\n');
}

const tablesText = (tables: readonly Pick<Plan['tables'][number], 'name' | 'dim' | 'encoderOf'>[]): string =>
  pairsOf(tables.map(({ name, dim, encoderOf }) => [name, `${dim} wide, a row for each code of ${encoderOf}`]));

const cells = ({ parameters, flops, bytes }: Cost): string[] => [
  parameters.toLocaleString('en'),
  (flops / 1e6).toFixed(2),
  (bytes / 1e6).toFixed(2),
];

const indented = (part: string): string => {
  const partNames = part.split('/');
  return `${'  '.repeat(partNames.length - 1)}${partNames.at(-1)}`;
};

/** @throws Failure `unknown-name` */
export function graphOf(plan: Plan, name: string): Graph {
  const graphs = new Map<string, Graph>([
    ['step', stepGraph(plan)],
    ...plan.towers.map((tower) => [tower.name, tower.embedded.graph] as const),
  ]);
  const graph = graphs.get(name);
  if (graph) return graph;
  const known = [...graphs.keys()];
  throw failure('unknown-name', { what: 'graph', name, nearest: findNearest(name, known), known });
}

/** Returns the plan without its graphs, which `--graph` shows. */
export function planJson(plan: Plan): unknown {
  return JSON.parse(JSON.stringify(plan, (key, value) => (key === 'graph' ? undefined : value)));
}

export function planText(plan: Plan): string {
  const features = plan.features.map(({ name, tower, encoder, encoderOf, table, width, max }) => {
    const encoded = encoderOf === name ? encoder.kind : `as ${encoderOf}`;
    return [name, tower, encoded, table ?? '', String(width), max === undefined ? '' : String(max)];
  });
  const graphs: readonly (readonly [string, GraphPlan])[] = [
    ...plan.towers.map((tower) => [tower.name, tower.embedded] as const),
    ['step', plan.step],
  ];
  const inputs = graphs.flatMap(([name, { inputs }]) => [
    '',
    heading(`Inputs of ${name}`),
    pairsOf(inputs.map((input) => [input.name, describe(input.source)])),
  ]);
  return [
    tableOf(['feature', 'tower', 'encoding', 'table', 'width', 'at most'], features),
    '',
    heading('Tables'),
    tablesText(plan.tables),
    ...inputs,
  ].join('\n');
}

function describe({ from, ...rest }: InputSource): string {
  const details = Object.entries(rest).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key} ${typeof value === 'object' ? value.kind : value}`],
  );
  return [from, ...details].join(', ');
}

/** Returns the syntax tree as JSON. An identifier has only its name and position. */
export function astJson(file: FileNode): unknown {
  return withoutKind(plainStage(file));
}

function withoutKind(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutKind);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, part]) => key !== 'kind' || part !== 'Identifier');
  return Object.fromEntries(entries.map(([key, part]) => [key, withoutKind(part)]));
}

/** Converts the output of a compiler stage to plain JSON: a span becomes `line:column–line:column`, a map an object. */
export function plainStage(stage: unknown): unknown {
  return JSON.parse(JSON.stringify(stage, replace));
}

function replace(key: string, value: unknown): unknown {
  if (key === 'span' && value !== undefined) return formatSpan(value as Span);
  if (value instanceof Map) return Object.fromEntries(value);
  return ArrayBuffer.isView(value) ? [...(value as Float32Array)] : value;
}

function formatSpan({ source, start, end }: Span): string {
  const [from, to] = [positionAt(source, start), positionAt(source, end)];
  return `${from.line}:${from.column}–${to.line}:${to.column}`;
}

export function attentionText(attentions: readonly Attention[]): string {
  return attentions
    .map(({ block, over, fields }) => {
      const fieldRows = fields.map(({ name, mean, deviation }) => [name, mean.toFixed(4), `±${deviation.toFixed(4)}`]);
      return [heading(`${block}, mean over ${over}`), tableOf(['field', 'let through', 'deviation'], fieldRows)].join(
        '\n',
      );
    })
    .join('\n\n');
}
