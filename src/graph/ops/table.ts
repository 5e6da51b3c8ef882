/** The table of what each op is. Its keys are those of `opNames`, so that a missing row does not compile. */
import { GraphTypeError } from '../dims.ts';
import type { ComputedOp, LeafName, OpName, TensorType } from '../graph.ts';
import { binaryOps } from './binary.ts';
import { collectiveOps } from './collectives.ts';
import { indexingOps } from './indexing.ts';
import { productOps } from './products.ts';
import { reductionOps, topKOp } from './reductions.ts';
import type { Attributes, OpRow } from './row.ts';
import { shapeOps } from './shape.ts';
import { unaryOps } from './unary.ts';

/** The row of a leaf, which declares its own type and gets its values from outside. */
interface LeafRow {
  readonly doc: string;
}

export const ops: { readonly [N in OpName]: N extends LeafName ? LeafRow : OpRow } = {
  Input: { doc: 'A value that the host gives at every run. Attribute name.' },
  Parameter: { doc: 'A value that the engine keeps from run to run. Attribute name; updates of the graph replace it.' },
  Constant: { doc: 'Numbers written in the graph, row-major. Attribute values; bools are 0 and 1.' },
  ...binaryOps,
  ...unaryOps,
  ...productOps,
  ...reductionOps,
  TopK: topKOp,
  ...shapeOps,
  ...indexingOps,
  ...collectiveOps,
};

export function isLeaf(op: OpName): op is LeafName {
  return op === 'Input' || op === 'Parameter' || op === 'Constant';
}

export function opRowOf(op: ComputedOp): OpRow {
  return ops[op];
}

/** Returns the type of the op's result. Throws GraphTypeError. */
export function typeOf(op: ComputedOp, inputs: readonly TensorType[], attributes: Attributes): TensorType {
  try {
    return opRowOf(op).type(inputs, attributes);
  } catch (error) {
    throw error instanceof GraphTypeError ? new GraphTypeError(`${op}: ${error.message}`) : error;
  }
}
