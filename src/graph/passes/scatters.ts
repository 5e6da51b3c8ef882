import type { Graph } from '../graph.ts';
import { type RewriteRule, rewriteGraph, uniformValue } from './rewrite.ts';

/**
 * Zeros written where there are zeros already: the gradient of masked scores is zero at the masked places because their
 * exponential is.
 */
export function removeScatters(graph: Graph): Graph {
  return rewriteGraph(graph, zerosOverZeros);
}

const zerosOverZeros: RewriteRule = ({ graph, node, at }) => {
  if (node.op !== 'ScatterUpdate' || uniformValue(graph, node.inputs[2]!) !== 0) return undefined;
  return valueAt(graph, node.inputs[0]!, node.inputs[1]!) === 0 ? at(node.inputs[0]!) : undefined;
};

/** The number that a float32 value is known to have at all of `indices`, other operands being finite. */
function valueAt(graph: Graph, id: number, indices: number): number | undefined {
  const node = graph.nodes[id]!;
  const operand = (index: number): number | undefined => valueAt(graph, node.inputs[index]!, indices);
  const sameShapeAs = (index: number): boolean =>
    graph.nodes[node.inputs[index]!]!.type.shape.length === node.type.shape.length;
  switch (node.op) {
    case 'ScatterUpdate':
      return node.inputs[1] === indices ? uniformValue(graph, node.inputs[2]!) : undefined;
    case 'Exp': {
      const value = operand(0);
      return value === undefined ? undefined : Math.fround(Math.exp(value));
    }
    case 'Mul':
      return [0, 1].some((index) => sameShapeAs(index) && operand(index) === 0) ? 0 : undefined;
    case 'Div':
    case 'Neg':
      return operand(0) === 0 ? 0 : undefined;
    default:
      return undefined;
  }
}
