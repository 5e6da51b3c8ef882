import type { Graph } from '../graph.ts';
import type { OpName } from '../ops.ts';
import { type Rule, rewrite } from './rewrite.ts';

/** Computes equal nodes once; a + b and b + a are equal. */
export function shareCommon(graph: Graph): Graph {
  return rewrite(graph, order);
}

const methods = {
  Add: 'add',
  Mul: 'mul',
  Maximum: 'maximum',
  Minimum: 'minimum',
  Equal: 'equal',
  LogicalAnd: 'logicalAnd',
  LogicalOr: 'logicalOr',
} as const satisfies Partial<Record<OpName, string>>;

/** Operands that may be exchanged stand in the order of their ids; the writer itself then finds equal nodes. */
const order: Rule = ({ node, builder, at }) => {
  if (!(node.op in methods)) return undefined;
  const [a, b] = node.inputs.map(at);
  return a!.id > b!.id ? builder[methods[node.op as keyof typeof methods]](b!, a!) : undefined;
};
