/** What the passes share: a walk over a graph that replaces nodes by others of the same type. */
import { type Builder, builderOn, type Ref } from '../builder.ts';
import { printType, type Shape, sameType } from '../dims.ts';
import type { Graph, Node } from '../graph.ts';
import { isLeaf } from '../ops/table.ts';
import { GraphWriter } from '../writer.ts';

/** A pass keeps every output and every update; when it finds nothing to do, it gives back the very same graph. */
export type Pass = (graph: Graph) => Graph;

/** A node of the old graph, while the new one is being written. */
export interface Site {
  readonly graph: Graph;
  readonly id: number;
  readonly node: Node;
  readonly builder: Builder;
  /** For each old value, the ids of the nodes that read it (twice if read twice), and −1 for each output or update. */
  readonly users: readonly (readonly number[])[];
  /** The new value that stands for an old one. */
  at(id: number): Ref;
}

/** The value that takes the node's place, or nothing to keep it. */
export type Rule = (site: Site) => Ref | undefined;

/** Applies the first of the rules that has something to say at each node, in topological order. */
export function rewrite(graph: Graph, ...rules: readonly Rule[]): Graph {
  const writer = new GraphWriter(graph.name);
  const builder = builderOn(writer);
  const users = usersOf(graph);
  const moved: Ref[] = [];
  const at = (id: number): Ref => moved[id]!;
  const trainable = new Map(graph.parameters.map((parameter) => [parameter.name, parameter]));
  let replaced = false;

  const copy = (node: Node): Ref => {
    const name = String(node.attributes.name);
    if (node.op === 'Input') return writer.input(name, node.type);
    if (node.op === 'Constant') return writer.constant(node.attributes.values as readonly number[], node.type);
    if (node.op === 'Parameter') {
      const { initial, trainable: trained } = trainable.get(name)!;
      return writer.parameter(name, node.type, initial, trained);
    }
    return writer.add(node.op, node.inputs.map(at), node.attributes);
  };

  graph.nodes.forEach((node, id) => {
    writer.label = node.label;
    const site: Site = { graph, id, node, builder, users, at };
    let found: Ref | undefined;
    if (!isLeaf(node.op)) for (const rule of rules) if ((found = rule(site)) !== undefined) break;
    if (found !== undefined) {
      replaced = true;
      if (!sameType(found.type, node.type)) {
        throw new Error(`invariant: ${node.op} of ${printType(node.type)} was replaced by ${printType(found.type)}`);
      }
    }
    moved.push(found ?? copy(node));
  });
  for (const { name, node } of graph.outputs) writer.output(name, at(node));
  for (const { parameter, node } of graph.updates) {
    writer.update(at(graph.parameters.find(({ name }) => name === parameter)!.node), at(node));
  }
  return replaced || writer.nodes.length !== graph.nodes.length ? writer.finish() : graph;
}

function usersOf(graph: Graph): number[][] {
  const users: number[][] = graph.nodes.map(() => []);
  graph.nodes.forEach((node, id) => {
    for (const input of node.inputs) users[input]!.push(id);
  });
  for (const { node } of [...graph.outputs, ...graph.updates]) users[node]!.push(-1);
  return users;
}

/** How long a symbol is taken to be, where a choice depends on it. */
const assumed: Readonly<Record<string, number>> = { batch: 1024, hits: 64 };

/** Elements of a shape, for choosing the cheaper of two ways. */
export function estimate(shape: Shape): number {
  let product = 1;
  for (const dim of shape) {
    if (typeof dim === 'number') product *= dim;
    else product *= dim.symbol.split('·').reduce((size, symbol) => size * (assumed[symbol] ?? 1024), dim.times);
  }
  return product;
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
export function scalar(site: Site, value: number): Ref {
  return site.builder.constant(value, [], site.node.type.dtype);
}
