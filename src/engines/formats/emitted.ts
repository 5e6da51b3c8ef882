/** Tables of ops whose rows do something besides, and what the formats share that hold a training graph. */
import { bfloat16Halves } from '../../graph/evaluate.ts';
import type { Dtype, Graph, Node, Tensor } from '../../graph/graph.ts';

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

/** By index of an emitted node: the graph's node that it was emitted for. What several share belongs to the first. */
export type Owners = readonly (number | undefined)[];

type LoweringTable<Lowering> = Readonly<Record<string, Lowering>>;

type OpIn<Row extends string> = Row extends `${infer Op}:${string}` ? Op : Row;
type OpsIn<Rows extends string> = Rows extends `${infer Row} ${infer Rest}` ? OpIn<Row> | OpsIn<Rest> : OpIn<Rows>;

/** Rows that are written alike: `Op`, or `Op:name` where the format has another name for it. */
export const alike = <Rows extends string, Lowering>(rows: Rows, lower: (name: string) => Lowering) =>
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
 * Returns the same table, whose rows note what they emit.
 * @param emitted how many nodes the writer has so far, by the arguments of a row
 */
export function withMarks<Args extends readonly unknown[], Result, Table>(
  graph: Graph,
  table: Table & LoweringTable<(node: Node, ...args: Args) => Result>,
  emitted: (node: Node, ...args: Args) => number,
): { readonly table: Table; readonly owners: Owners } {
  const idOf = new Map(graph.nodes.map((node, id) => [node, id]));
  const owners: (number | undefined)[] = [];
  const markedTable = mapTable(table, (lower: (node: Node, ...args: Args) => Result) => (node, ...args) => {
    const before = emitted(node, ...args);
    const result = lower(node, ...args);
    const after = emitted(node, ...args);
    for (let at = before; at < after; at++) owners[at] = idOf.get(node);
    return result;
  });
  return { table: markedTable as Table, owners };
}

/** Numbers of a graph as the typed arrays and bytes that files hold. All formats here are little-endian. */
export function typedArray(dtype: Dtype, values: readonly number[]): Tensor['data'] | Uint16Array {
  if (dtype === 'float32') return Float32Array.from(values);
  if (dtype === 'bfloat16') return bfloat16Halves(values);
  if (dtype === 'int32') return Int32Array.from(values);
  return Uint8Array.from(values);
}
