import type { Graph } from '../graph.ts';
import type { OpName } from '../ops.ts';
import { type RewriteRule, rewriteGraph, rewritten } from './rewrite.ts';

/** Computes equal nodes once; a + b and b + a are equal. */
export function shareCommon(graph: Graph): Graph {
  return rewritten(rewriteGraph(graph, order));
}

const commutative: ReadonlySet<OpName> = new Set([
  'Add',
  'Mul',
  'Maximum',
  'Minimum',
  'Equal',
  'LogicalAnd',
  'LogicalOr',
]);

/** Operands that may be exchanged are in the order of their ids; the writer itself then finds equal nodes. */
const order: RewriteRule = ({ node, again, at }) => {
  const [a, b] = node.inputs as [number, number];
  return commutative.has(node.op) && a > b ? again(node, [at(b), at(a)]) : undefined;
};
