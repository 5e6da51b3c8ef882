/** How much a graph holds and does, in all and for each part of the model. */
import { countElements, resolveShape, type Sizes } from './dims.ts';
import { bytesOfDtype, type Graph, type Node, type TensorType } from './graph.ts';
import { isLeaf, rowOf } from './ops/table.ts';

export interface Cost {
  readonly parameters: number;
  /** Floating-point operations. */
  readonly flops: number;
  /**
   * Bytes read and written by the ops of one run, each op's operands and result counted once, and of what is only picked from no
   * more than is picked; leaves cost nothing by themselves.
   */
  readonly bytes: number;
}

export interface GraphCost extends Cost {
  /** By label and by each prefix of one: `user`, `user/main`, `user/main/mlp`, in the order in which they first occur. */
  readonly parts: ReadonlyMap<string, Cost>;
}

/** Throws GraphTypeError when `sizes` does not have a symbol of the graph. */
export function count(graph: Graph, sizes: Sizes): GraphCost {
  const partCosts = new Map<string, { parameters: number; flops: number; bytes: number }>();
  const total = { parameters: 0, flops: 0, bytes: 0 };
  for (const node of graph.nodes) {
    const cost = costOf(graph, node, sizes);
    for (const sum of [total, ...prefixesOf(node.label).map(entry)]) {
      sum.parameters += cost.parameters;
      sum.flops += cost.flops;
      sum.bytes += cost.bytes;
    }
  }
  return { ...total, parts: partCosts };

  function entry(prefix: string) {
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
  cost.flops =
    rowOf(node.op).flops?.(
      types.map((type) => resolveShape(type.shape, sizes)),
      resolveShape(node.type.shape, sizes),
      node.attributes,
    ) ?? 0;
  const readTypes = rowOf(node.op).picks ? [node.type, ...types.slice(1)] : types;
  if (node.op !== 'Reshape')
    cost.bytes = [...readTypes, node.type].reduce((sum, type) => sum + typeBytes(type, sizes), 0);
  return cost;
}

/** `user`, `user/main` and `user/main/mlp`; none of an empty label. */
function prefixesOf(label: string): string[] {
  if (label === '') return [];
  const parts = label.split('/');
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}

export function typeBytes(type: TensorType, sizes: Sizes): number {
  return countElements(resolveShape(type.shape, sizes)) * bytesOfDtype[type.dtype];
}
