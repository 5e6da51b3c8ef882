/** The walk over a graph that all passes share. It replaces nodes by others of the same type. */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { type Builder, GraphWriter, makeBuilderFor, type Ref } from '../builder.ts';
import { printType, type Shape, type Sizes, sameShape, sameType } from '../dims.ts';
import type { ComputedOp, Graph, Node } from '../graph.ts';
import { isLeaf } from '../ops/table.ts';

/** A pass preserves every output and every update. If it finds nothing to do, it returns the very same graph. */
export type Pass = (graph: Graph) => Graph;

/** A node of the old graph, while the new one is written. */
export interface RewriteSite {
  readonly graph: Graph;
  readonly id: number;
  readonly node: Node;
  readonly builder: Builder;
  /** For each old value, the ids of the nodes that read it (twice if read twice), and −1 for each output or update. */
  readonly readers: readonly (readonly number[])[];
  /** Returns the new value that represents an old one. */
  refOf(id: number): Ref;
  /** Adds the op of an old node, with its attributes, for new operands. */
  reapply(node: Node, operands: readonly Ref[]): Ref;
}

/** Returns the value that replaces the node, or undefined to keep the node. */
export type RewriteRule = (site: RewriteSite) => Ref | undefined;

/**
 * Applies, at each node in topological order, the first rule that returns a value. Nothing is written before a rule adds a node or requests a new value,
 * because most passes find nothing to do and only read.
 */
export function rewriteGraph(graph: Graph, ...rules: readonly RewriteRule[]): Graph {
  const refs: Ref[] = [];
  let currentId = 0;
  let isReplaced = false;

  /** Copies the nodes before the current one that are not copied yet. */
  const copyPending = (): void => {
    for (let id = refs.length; id < currentId; id++) refs.push(copyNode(graph, graph.nodes[id]!, writer, refs));
    writer.label = graph.nodes[currentId]?.label ?? '';
  };
  const writer = new GraphWriter(graph.name, copyPending);
  const site = {
    graph,
    builder: makeBuilderFor(writer),
    readers: readersOf(graph),
    get id() {
      return currentId;
    },
    get node() {
      return graph.nodes[currentId]!;
    },
    refOf(id: number) {
      copyPending();
      return refs[id]!;
    },
    reapply: (node: Node, operands: readonly Ref[]) => writer.reapply(node, operands),
  };

  for (; currentId < graph.nodes.length; currentId++) {
    const node = graph.nodes[currentId]!;
    if (isLeaf(node.op)) continue;
    for (const rule of rules) {
      const replacement = rule(site);
      if (replacement === undefined) continue;
      const types = [node.type, replacement.type].map(printType);
      invariant(sameType(replacement.type, node.type), `${node.op} of ${types[0]} was replaced by ${types[1]}`);
      isReplaced = true;
      refs[currentId] = replacement;
      break;
    }
  }
  if (!isReplaced) return graph;
  copyPending();
  return writer.finishCopy(graph, (id) => refs[id]!);
}

/** Returns the same graph with equal nodes merged. */
export function mergeEqualNodes(graph: Graph): Graph {
  const writer = new GraphWriter(graph.name);
  const refs: Ref[] = [];
  for (const node of graph.nodes) refs.push(copyNode(graph, node, writer, refs));
  if (writer.nodes.length === graph.nodes.length) return graph;
  return writer.finishCopy(graph, (id) => refs[id]!);
}

function copyNode(graph: Graph, node: Node, writer: GraphWriter, refs: readonly Ref[]): Ref {
  writer.label = node.label;
  const inputs = node.inputs.map((input) => refs[input]!.id);
  return writer.copyLeaf(graph, node) ?? writer.copy(node.op as ComputedOp, inputs, node.attributes, node.type);
}

const readersCache = new WeakMap<Graph, number[][]>();

function readersOf(graph: Graph): number[][] {
  const cachedReaders = readersCache.get(graph);
  if (cachedReaders !== undefined) return cachedReaders;
  const readers: number[][] = graph.nodes.map(() => []);
  readersCache.set(graph, readers);
  graph.nodes.forEach((node, id) => {
    for (const input of node.inputs) readers[input]!.push(id);
  });
  for (const { node } of [...graph.outputs, ...graph.updates]) readers[node]!.push(-1);
  return readers;
}

/** Assumed lengths of symbols, for choices that depend on them. */
const assumedLengths: Readonly<Record<string, number>> = { batch: 1024, hits: 64 };

/** Estimates the number of elements of a shape, to choose the cheaper of two ways. */
export function estimateElements(shape: Shape, sizes: Sizes = {}): number {
  let elementCount = 1;
  const lengthOf = (symbol: string): number => sizes[symbol] ?? assumedLengths[symbol] ?? 1024;
  for (const dim of shape) {
    if (typeof dim === 'number') elementCount *= dim;
    else elementCount *= dim.symbol.split('·').reduce((size, symbol) => size * lengthOf(symbol), dim.times);
  }
  return elementCount;
}

/** Returns the number that every element of an old value is, if the graph shows it. */
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

/** Returns a scalar constant for `value`, of the node's dtype. */
export function makeScalar(site: RewriteSite, value: number): Ref {
  return site.builder.constant(value, [], site.node.type.dtype);
}

/** Returns `value` in `shape`; the value itself if it has that shape. */
export function reshapeTo(builder: Builder, value: Ref, shape: Shape): Ref {
  return sameShape(value.type.shape, shape) ? value : builder.reshape(value, shape);
}
