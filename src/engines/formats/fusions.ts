/** Groups of ops for which TensorFlow has one kernel. */
import { sameShape } from '../../graph/dims.ts';
import type { Dim, Graph, Node } from '../../graph/graph.ts';

const isZero = ({ op, attributes }: Node): boolean =>
  op === 'Constant' && (attributes.values as readonly number[]).every((value) => value === 0);

/** The gradient of a relu, `select(x > 0, gradient, 0)`: its gradient and its x. */
export function reluGradient(graph: Graph, node: Node): { readonly gradient: number; readonly x: number } | undefined {
  const [condition, gradient, otherwise] = node.inputs as [number, number, number];
  const greater = graph.nodes[condition]!;
  if (greater.op !== 'Greater' || !isZero(graph.nodes[greater.inputs[1]!]!) || !isZero(graph.nodes[otherwise]!)) {
    return undefined;
  }
  const x = greater.inputs[0]!;
  const float = node.type.dtype === 'float32' && graph.nodes[x]!.type.dtype === 'float32';
  const shapes = [graph.nodes[x]!, graph.nodes[gradient]!].map(({ type }) => type.shape);
  return float && shapes.every((shape) => sameShape(shape, node.type.shape)) ? { gradient, x } : undefined;
}

/** A vector added to every row of a matrix product: which operand is the product, 0 or 1. */
export function biasOf(graph: Graph, node: Node): 0 | 1 | undefined {
  const [a, b] = node.inputs.map((input) => graph.nodes[input]!) as [Node, Node];
  const fits = (product: Node, bias: Node): boolean =>
    product.op === 'MatMul' && bias.type.shape.length === 1 && isLength(bias.type.shape[0]!, product.type.shape[1]!);
  if (fits(a, b)) return 0;
  return fits(b, a) ? 1 : undefined;
}

/** A vector of one number would be stretched, which is no bias. */
const isLength = (length: Dim, columns: Dim): boolean => typeof length === 'number' && length === columns;
