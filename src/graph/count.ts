/** Counts the parameters, operations and bytes of a graph, in total and for each part of the model. */
import { countElements, resolveShape, type Sizes } from './dims.ts';
import { bytesOfDtype, type Graph, type Node, type TensorType } from './graph.ts';
import { isLeaf, opRowOf } from './ops/table.ts';

export interface Cost {
  readonly parameters: number;
  readonly flops: number;
  /**
   * Bytes read and written by the ops of one run. Each op's operands and result count once; an operand from which an op only picks counts no more than is
   * picked; leaves cost nothing by themselves.
   */
  readonly bytes: number;
}

export interface GraphCost extends Cost {
  /** By label and by each prefix of a label: `user`, `user/main`, `user/main/mlp`, in the order in which they first occur. */
  readonly parts: ReadonlyMap<string, Cost>;
}

/** Throws GraphTypeError if `sizes` does not have a symbol of the graph. */
export function countCost(graph: Graph, sizes: Sizes): GraphCost {
  const partCosts = new Map<string, { parameters: number; flops: number; bytes: number }>();
  const graphTotal = { parameters: 0, flops: 0, bytes: 0 };
  for (const node of graph.nodes) {
    const cost = costOf(graph, node, sizes);
    for (const sum of [graphTotal, ...prefixesOf(node.label).map(costOfPart)]) {
      sum.parameters += cost.parameters;
      sum.flops += cost.flops;
      sum.bytes += cost.bytes;
    }
  }
  return { ...graphTotal, parts: partCosts };

  function costOfPart(prefix: string) {
    const partCost = partCosts.get(prefix) ?? { parameters: 0, flops: 0, bytes: 0 };
    partCosts.set(prefix, partCost);
    return partCost;
  }
}

export function costOf(graph: Pick<Graph, 'nodes'>, node: Node, sizes: Sizes): Cost {
  const cost = { parameters: 0, flops: 0, bytes: 0 };
  if (node.op === 'Parameter') cost.parameters = countElements(resolveShape(node.type.shape, sizes));
  if (isLeaf(node.op)) return cost;
  const types = node.inputs.map((input) => graph.nodes[input]!.type);
  const operandShapes = types.map((type) => resolveShape(type.shape, sizes));
  cost.flops = opRowOf(node.op).flops?.(operandShapes, resolveShape(node.type.shape, sizes), node.attributes) ?? 0;
  const readTypes = opRowOf(node.op).readsOnlyResult ? [node.type, ...types.slice(1)] : types;
  if (node.op !== 'Reshape')
    cost.bytes = [...readTypes, node.type].reduce((sum, type) => sum + bytesOfType(type, sizes), 0);
  return cost;
}

/** Returns `user`, `user/main` and `user/main/mlp`; nothing for an empty label. */
function prefixesOf(label: string): string[] {
  if (label === '') return [];
  const labelParts = label.split('/');
  return labelParts.map((_, i) => labelParts.slice(0, i + 1).join('/'));
}

function bytesOfType(type: TensorType, sizes: Sizes): number {
  return countElements(resolveShape(type.shape, sizes)) * bytesOfDtype[type.dtype];
}

/** Returns the bytes that go to an engine and back in a run, which the host holds in addition to the engine's own memory. */
export function transferBytes({ nodes, inputs, outputs }: Graph, symbols: Sizes): number {
  return [...inputs, ...outputs].reduce((sum, { node }) => sum + bytesOfType(nodes[node]!.type, symbols), 0);
}

export function equalSizes({ nodes }: Graph, size: number): Sizes {
  const dims = nodes.flatMap(({ type }) => type.shape.filter((dim) => typeof dim !== 'number'));
  return Object.fromEntries(dims.flatMap(({ symbol }) => symbol.split('·').map((factor) => [factor, size])));
}

/** Returns the bytes that a run holds at the same time: every value from its creation to its last use. */
export function peakBytes(graph: Graph, symbols: Sizes): number {
  const bytes = graph.nodes.map(({ type }) => bytesOfType(type, symbols));
  const lastRead = graph.nodes.map((_, id) => id);
  graph.nodes.forEach(({ inputs }, id) => {
    for (const input of inputs) lastRead[input] = id;
  });
  const readAtEnd = [...graph.inputs, ...graph.parameters, ...graph.outputs, ...graph.updates];
  for (const { node } of readAtEnd) lastRead[node] = graph.nodes.length;

  const freedBytes = new Map<number, number>();
  lastRead.forEach((lastReader, id) => {
    freedBytes.set(lastReader, (freedBytes.get(lastReader) ?? 0) + bytes[id]!);
  });
  let liveBytes = 0;
  let largestBytes = 0;
  for (let id = 0; id < graph.nodes.length; id += 1) {
    liveBytes += bytes[id]!;
    largestBytes = Math.max(largestBytes, liveBytes);
    liveBytes -= freedBytes.get(id) ?? 0;
  }
  return largestBytes;
}
