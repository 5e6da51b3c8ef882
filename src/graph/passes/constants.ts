import { countElements } from '../dims.ts';
import type { Graph } from '../graph.ts';
import type { Values } from '../ops/row.ts';
import { isLeaf, rowOf } from '../ops/table.ts';
import { type Rule, rewrite } from './rewrite.ts';

/** Larger constants than this are computed at each run rather than written out. */
const largest = 4096;

/** Computes nodes whose operands are all constants, in float32, as `evaluate` would. */
export function foldConstants(graph: Graph): Graph {
  return rewrite(graph, fold);
}

const fold: Rule = ({ graph, node, builder }) => {
  const operands = node.inputs.map((input) => graph.nodes[input]!);
  const shape = numeric(node.type.shape);
  if (isLeaf(node.op) || shape === undefined || countElements(shape) > largest) return undefined;
  if (operands.some((operand) => operand.op !== 'Constant')) return undefined;
  const output = empty(node.type.dtype, shape);
  rowOf(node.op).evaluate(
    operands.map((operand) => {
      const values = empty(operand.type.dtype, operand.type.shape as readonly number[]);
      values.data.set(operand.attributes.values as readonly number[]);
      return values;
    }),
    output,
    node.attributes,
  );
  const values = [...output.data];
  return values.every(Number.isFinite) ? builder.constant(values, shape, node.type.dtype) : undefined;
};

function numeric(shape: readonly unknown[]): readonly number[] | undefined {
  return shape.every((dim) => typeof dim === 'number') ? (shape as readonly number[]) : undefined;
}

function empty(dtype: Values['dtype'], shape: readonly number[]): Values {
  const length = countElements(shape);
  const data =
    dtype === 'float32'
      ? new Float32Array(length)
      : dtype === 'int32'
        ? new Int32Array(length)
        : new Uint8Array(length);
  return { dtype, shape, data };
}
