import { roundIfBfloat16 } from '../bfloat16.ts';
import { countElements } from '../dims.ts';
import { emptyValues } from '../evaluate.ts';
import type { Graph } from '../graph.ts';
import type { NodeValues } from '../ops/row.ts';
import { isLeaf, rowOf } from '../ops/table.ts';
import { type RewriteRule, rewriteGraph } from './rewrite.ts';

/** Larger constants than this are computed at each run rather than written out. */
const largest = 4096;

/** Computes nodes whose operands are all constants, as `evaluate` would. */
export function foldConstants(graph: Graph): Graph {
  const constantValues = new Map<number, NodeValues>();
  graph.nodes.forEach(({ op, type, attributes }, id) => {
    if (op !== 'Constant') return;
    const values = emptyValues(type.dtype, type.shape as readonly number[]);
    values.data.set(attributes.values as readonly number[]);
    constantValues.set(id, values);
  });
  return constantValues.size === 0 ? graph : rewriteGraph(graph, fold(constantValues));
}

/** Values found are known to the nodes after. */
function fold(known: Map<number, NodeValues>): RewriteRule {
  return ({ id, node, builder }) => {
    const shape = numeric(node.type.shape);
    if (isLeaf(node.op) || node.inputs.some((input) => !known.has(input))) return undefined;
    if (shape === undefined || countElements(shape) > largest) return undefined;
    const output = emptyValues(node.type.dtype, shape);
    rowOf(node.op).evaluate(
      node.inputs.map((input) => known.get(input)!),
      output,
      node.attributes,
    );
    roundIfBfloat16(output);
    const values = [...output.data];
    if (!values.every(Number.isFinite)) return undefined;
    known.set(id, output);
    return builder.constant(values, shape, node.type.dtype);
  };
}

function numeric(shape: readonly unknown[]): readonly number[] | undefined {
  return shape.every((dim) => typeof dim === 'number') ? (shape as readonly number[]) : undefined;
}
