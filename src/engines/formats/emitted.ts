/** Code that the formats of graphs share: tables with a lowering for each op, the lengths of symbols, and graphs without bfloat16. */
import { sameDim } from '../../graph/dims.ts';
import { bfloat16Halves, toBfloat16 } from '../../graph/evaluate.ts';
import type { Attribute, Dim, Dtype, Graph, Node, Tensor } from '../../graph/graph.ts';
import { isLeaf, opRowOf } from '../../graph/ops/table.ts';

/** The names of parameters and of their new values in a training model. */
export const parameterInput = (name: string): string => `parameter:${name}`;
export const updatedOutput = (name: string): string => `updated:${name}`;

/** An input or output of a written model, and the graph's node that has its value. */
export interface NamedNode {
  readonly name: string;
  readonly node: number;
}

export const namedParameters = ({ parameters }: Graph): readonly NamedNode[] =>
  parameters.map(({ name, node }) => ({ name: parameterInput(name), node }));

export const namedUpdates = ({ updates }: Graph): readonly NamedNode[] =>
  updates.map(({ parameter, node }) => ({ name: updatedOutput(parameter), node }));

/** For each emitted node, the graph's node that it was emitted for. A node that several share belongs to the first. */
export type Owners = readonly (number | undefined)[];

type LoweringTable<Lowering> = Readonly<Record<string, Lowering>>;

type OpIn<Row extends string> = Row extends `${infer Op}:${string}` ? Op : Row;
type OpsIn<Rows extends string> = Rows extends `${infer Row} ${infer Rest}` ? OpIn<Row> | OpsIn<Rest> : OpIn<Rows>;

/** Makes the rows of ops that are lowered alike: `Op`, or `Op:name` if the format has another name for it. */
export const lowerAlike = <Rows extends string, Lowering>(rows: Rows, lower: (name: string) => Lowering) =>
  Object.fromEntries(
    rows.split(' ').map((row) => {
      const [op, name = op!] = row.split(':');
      return [op, lower(name)];
    }),
  ) as Record<OpsIn<Rows>, Lowering>;

/** Returns the table with each row replaced. */
export const mapTable = <Lowering, Table extends LoweringTable<Lowering>>(
  table: Table & LoweringTable<Lowering>,
  replace: (lower: Lowering, op: string) => Lowering,
): Table => Object.fromEntries(Object.entries(table).map(([op, lower]) => [op, replace(lower, op)])) as Table;

/**
 * Returns the same table with lowerings that record which graph node each emitted node belongs to, so that times of ops can be assigned.
 * @param countEmitted returns the number of nodes that the writer has so far, from the arguments of a row
 */
export function recordOwners<Args extends readonly unknown[], Result, Table>(
  graph: Graph,
  table: Table & LoweringTable<(node: Node, ...args: Args) => Result>,
  countEmitted: (node: Node, ...args: Args) => number,
): { readonly table: Table; readonly owners: Owners } {
  const idOf = new Map(graph.nodes.map((node, id) => [node, id]));
  const owners: (number | undefined)[] = [];
  const recordingTable = mapTable(table, (lower: (node: Node, ...args: Args) => Result) => (node, ...args) => {
    const firstEmitted = countEmitted(node, ...args);
    const result = lower(node, ...args);
    const endEmitted = countEmitted(node, ...args);
    for (let index = firstEmitted; index < endEmitted; index++) owners[index] = idOf.get(node);
    return result;
  });
  return { table: recordingTable as Table, owners };
}

/** Returns numbers of a graph as the typed arrays and bytes that files contain. All formats here are little-endian. */
export function typedArray(dtype: Dtype, values: readonly number[]): Tensor['data'] | Uint16Array {
  if (dtype === 'float32') return Float32Array.from(values);
  if (dtype === 'bfloat16') return bfloat16Halves(values);
  if (dtype === 'int32') return Int32Array.from(values);
  return Uint8Array.from(values);
}

/** The axis of an input from which a running graph can read the value of a symbol. */
interface SymbolSource {
  /** Id of an Input node. */
  readonly node: number;
  readonly axis: number;
  /** The axis is this many times the symbol. */
  readonly times: number;
}

/** Returns the sources of each factor of a symbol: `batch·batch` has two. */
export const symbolSources = (graph: Graph, symbol: string): readonly SymbolSource[] =>
  symbol.split('·').map((factor) => symbolSource(graph, factor));

export function symbolSource(graph: Graph, symbol: string): SymbolSource {
  const sources = graph.inputs.flatMap(({ node }) =>
    graph.nodes[node]!.type.shape.flatMap((dim, axis) =>
      typeof dim !== 'number' && dim.symbol === symbol ? [{ node, axis, times: dim.times }] : [],
    ),
  );
  const [leastTimes] = sources.sort((a, b) => a.times - b.times);
  if (!leastTimes) throw new Error(`invariant: no input of graph ${graph.name} has an axis of ${symbol}`);
  return leastTimes;
}

export const isStatic = (shape: readonly Dim[]): shape is readonly number[] =>
  shape.every((dim) => typeof dim === 'number');

/** Returns the shape with −1 for its one unknown length, or undefined if two are unknown. */
export function inferShape(shape: readonly Dim[]): readonly number[] | undefined {
  const inferred = shape.map((dim) => (typeof dim === 'number' ? dim : -1));
  return inferred.filter((length) => length === -1).length > 1 ? undefined : inferred;
}

/** Returns a slice's sizes with −1 for a range up to the end of its axis; undefined if a symbol must be looked up. */
export function sliceSizes(
  from: readonly Dim[],
  begin: readonly number[],
  size: readonly Dim[],
): readonly number[] | undefined {
  const sizesOrRest = size.map((dim, axis) => (begin[axis] === 0 && sameDim(dim, from[axis]!) ? -1 : dim));
  return isStatic(sizesOrRest) ? sizesOrRest : undefined;
}

/**
 * For runtimes without bfloat16: the same graph with its values in float32, and the nodes that must be rounded to bfloat16. The numbers are those of bfloat16
 * kernels, but nothing gets faster.
 */
interface WithoutBfloat16 {
  readonly graph: Graph;
  /** Nodes of `graph`. */
  readonly rounded: ReadonlySet<Node>;
}

export function withoutBfloat16(graph: Graph): WithoutBfloat16 {
  const rounded = new Set<Node>();
  if (!graph.nodes.some(({ type }) => type.dtype === 'bfloat16')) return { graph, rounded };
  const nodes = graph.nodes.map((node) => {
    if (node.type.dtype !== 'bfloat16' && node.attributes.dtype !== 'bfloat16') return node;
    const wideNode: Node = { ...node, type: { ...node.type, dtype: 'float32' }, attributes: wideAttributes(node) };
    if (!isLeaf(node.op) && opRowOf(node.op).bfloat16 !== 'carry') rounded.add(wideNode);
    return wideNode;
  });
  return { graph: { ...graph, nodes }, rounded };
}

function wideAttributes({ op, attributes }: Node): Readonly<Record<string, Attribute>> {
  if (op === 'Cast') return { ...attributes, dtype: 'float32' };
  if (op !== 'Constant') return attributes;
  return { ...attributes, values: (attributes.values as readonly number[]).map(toBfloat16) };
}
