import type { Graph } from '../graph.ts';
import type { OpName } from '../ops.ts';
import { type Rule, rewrite, rewritten } from './rewrite.ts';

/** Computes equal nodes once; a + b and b + a are equal. */
export function shareCommon(graph: Graph): Graph {
  return rewritten(rewrite(graph, order));
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

/** Operands that may be exchanged are in the order of their ids; the writer itself then finds equal nodes. */
const order: Rule = (site) => {
  const { node } = site;
  if (!(node.op in methods)) return undefined;
  const [a, b] = node.inputs as [number, number];
  return a > b ? site.builder[methods[node.op as keyof typeof methods]](site.at(b), site.at(a)) : undefined;
};
