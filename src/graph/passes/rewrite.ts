/** The passes share a walk over a graph that replaces nodes by others of the same type. */
import { type Builder, builderOn, type Ref } from '../builder.ts';
import { printType, type Shape, type Sizes, sameShape, sameType } from '../dims.ts';
import type { ComputedOp, Graph, Node } from '../graph.ts';
import { isLeaf } from '../ops/table.ts';
import { GraphWriter } from '../writer.ts';

/** A pass keeps every output and every update; when it finds nothing to do, it gives back the very same graph. */
export type Pass = (graph: Graph) => Graph;

/** A node of the old graph, while the new one is being written. */
export interface RewriteSite {
  readonly graph: Graph;
  readonly id: number;
  readonly node: Node;
  readonly builder: Builder;
  /** For each old value, the ids of the nodes that read it (twice if read twice), and −1 for each output or update. */
  readonly users: readonly (readonly number[])[];
  /** The new value that represents an old one. */
  at(id: number): Ref;
  /** The op of an old node, with its attributes, on new operands. */
  again(node: Node, operands: readonly Ref[]): Ref;
}

/** The value that takes the node's place, or nothing to keep it. */
export type RewriteRule = (site: RewriteSite) => Ref | undefined;

/**
 * Applies the first of the rules that has something to say at each node, in topological order. Nothing is written before a
 * rule adds a node or asks for a new value: most passes find nothing to do, and then only look.
 */
export function rewriteGraph(graph: Graph, ...rules: readonly RewriteRule[]): Graph {
  const refs: Ref[] = [];
  let currentId = 0;
  let isReplaced = false;

  /** Copies what is still to be copied of the nodes before the current one. */
  const catchUp = (): void => {
    for (let id = refs.length; id < currentId; id++) refs.push(copyNode(graph, graph.nodes[id]!, writer, refs));
    writer.label = graph.nodes[currentId]?.label ?? '';
  };
  const writer = new GraphWriter(graph.name, catchUp);
  const site = {
    graph,
    builder: builderOn(writer),
    users: usersOf(graph),
    get id() {
      return currentId;
    },
    get node() {
      return graph.nodes[currentId]!;
    },
    at(id: number) {
      catchUp();
      return refs[id]!;
    },
    again: (node: Node, operands: readonly Ref[]) => writer.again(node, operands),
  };

  for (; currentId < graph.nodes.length; currentId++) {
    const node = graph.nodes[currentId]!;
    if (isLeaf(node.op)) continue;
    for (const rule of rules) {
      const replacement = rule(site);
      if (replacement === undefined) continue;
      if (!sameType(replacement.type, node.type)) {
        throw new Error(
          `invariant: ${node.op} of ${printType(node.type)} was replaced by ${printType(replacement.type)}`,
        );
      }
      isReplaced = true;
      refs[currentId] = replacement;
      break;
    }
  }
  if (!isReplaced) return graph;
  catchUp();
  return writer.finishCopy(graph, (id) => refs[id]!);
}

/** The same graph, equal nodes merged. */
export function rewritten(graph: Graph): Graph {
  const writer = new GraphWriter(graph.name);
  const refs: Ref[] = [];
  for (const node of graph.nodes) refs.push(copyNode(graph, node, writer, refs));
  if (writer.nodes.length === graph.nodes.length) return graph;
  return writer.finishCopy(graph, (id) => refs[id]!);
}

function copyNode(graph: Graph, node: Node, writer: GraphWriter, moved: readonly Ref[]): Ref {
  writer.label = node.label;
  return (
    writer.copyLeaf(graph, node) ??
    writer.copy(
      node.op as ComputedOp,
      node.inputs.map((input) => moved[input]!.id),
      node.attributes,
      node.type,
    )
  );
}

const knownUsers = new WeakMap<Graph, number[][]>();

function usersOf(graph: Graph): number[][] {
  const cachedUsers = knownUsers.get(graph);
  if (cachedUsers !== undefined) return cachedUsers;
  const users: number[][] = graph.nodes.map(() => []);
  knownUsers.set(graph, users);
  graph.nodes.forEach((node, id) => {
    for (const input of node.inputs) users[input]!.push(id);
  });
  for (const { node } of [...graph.outputs, ...graph.updates]) users[node]!.push(-1);
  return users;
}

/** Assumed length of a symbol for heuristics. */
const assumed: Readonly<Record<string, number>> = { batch: 1024, hits: 64 };

/** Elements of a shape, for choosing the cheaper of two ways. */
export function estimate(shape: Shape, sizes: Sizes = {}): number {
  let elementCount = 1;
  for (const dim of shape) {
    if (typeof dim === 'number') elementCount *= dim;
    else
      elementCount *= dim.symbol
        .split('·')
        .reduce((size, symbol) => size * (sizes[symbol] ?? assumed[symbol] ?? 1024), dim.times);
  }
  return elementCount;
}

/** The number that every element of an old value is, if that can be seen from the graph. */
export function uniformValue(graph: Graph, id: number): number | undefined {
  const node = graph.nodes[id]!;
  if (node.op === 'Constant') {
    const values = node.attributes.values as readonly number[];
    return values.length > 0 && values.every((value) => value === values[0]) ? values[0] : undefined;
  }
  if (node.op === 'BroadcastTo' || node.op === 'Reshape' || node.op === 'Slice' || node.op === 'Transpose') {
    return uniformValue(graph, node.inputs[0]!);
  }
  return undefined;
}

/** A scalar constant for `value`, of the node's dtype. */
export function scalar(site: RewriteSite, value: number): Ref {
  return site.builder.constant(value, [], site.node.type.dtype);
}

/** Reshapes `value`; returns it unchanged if it already has the shape. */
export function shaped(builder: Builder, value: Ref, shape: Shape): Ref {
  return sameShape(value.type.shape, shape) ? value : builder.reshape(value, shape);
}
