/**
 * For runtimes without bfloat16: the same graph with its values in float32, and which of them have to be rounded to bfloat16. Numbers come out as with
 * kernels of bfloat16, and nothing gets faster.
 */
import { toBfloat16 } from '../../graph/evaluate.ts';
import type { Attribute, Graph, Node } from '../../graph/graph.ts';
import { isLeaf, rowOf } from '../../graph/ops/table.ts';

export interface WithoutBfloat16 {
  readonly graph: Graph;
  /** Nodes of `graph`. */
  readonly rounded: ReadonlySet<Node>;
}

export function withoutBfloat16(graph: Graph): WithoutBfloat16 {
  const rounded = new Set<Node>();
  if (!graph.nodes.some(({ type }) => type.dtype === 'bfloat16')) return { graph, rounded };
  const nodes = graph.nodes.map((node) => {
    if (node.type.dtype !== 'bfloat16' && node.attributes.dtype !== 'bfloat16') return node;
    const wide: Node = { ...node, type: { ...node.type, dtype: 'float32' }, attributes: wideAttributes(node) };
    if (!isLeaf(node.op) && rowOf(node.op).bfloat16 !== 'carry') rounded.add(wide);
    return wide;
  });
  return { graph: { ...graph, nodes }, rounded };
}

function wideAttributes({ op, attributes }: Node): Readonly<Record<string, Attribute>> {
  if (op === 'Cast') return { ...attributes, dtype: 'float32' };
  return op === 'Constant'
    ? { ...attributes, values: (attributes.values as readonly number[]).map(toBfloat16) }
    : attributes;
}
