/** THE table of what each op is. Its keys are those of `opNames`: a missing row does not compile. */
import type { OpName } from '../ops.ts';
import * as binary from './binary.ts';
import * as collectives from './collectives.ts';
import * as indexing from './indexing.ts';
import * as leaves from './leaves.ts';
import * as products from './products.ts';
import * as reductions from './reductions.ts';
import type { LeafName, OpRow, OpTable } from './row.ts';
import * as shape from './shape.ts';
import { topK } from './top_k.ts';
import * as unary from './unary.ts';

export const ops: OpTable = {
  Input: leaves.input,
  Parameter: leaves.parameter,
  Constant: leaves.constant,
  Add: binary.add,
  Sub: binary.sub,
  Mul: binary.mul,
  Div: binary.div,
  Maximum: binary.maximum,
  Minimum: binary.minimum,
  Equal: binary.equal,
  Greater: binary.greater,
  GreaterEqual: binary.greaterEqual,
  LogicalAnd: binary.logicalAnd,
  LogicalOr: binary.logicalOr,
  Neg: unary.neg,
  Exp: unary.exp,
  Log: unary.log,
  Sqrt: unary.sqrt,
  Rsqrt: unary.rsqrt,
  Square: unary.square,
  Abs: unary.abs,
  Sign: unary.sign,
  Tanh: unary.tanh,
  Sigmoid: unary.sigmoid,
  Relu: unary.relu,
  Softplus: unary.softplus,
  LogicalNot: unary.logicalNot,
  StopGradient: unary.stopGradient,
  Cast: unary.cast,
  Select: binary.select,
  MatMul: products.matMul,
  BatchMatMul: products.batchMatMul,
  Sum: reductions.sum,
  Mean: reductions.mean,
  Max: reductions.max,
  Softmax: reductions.softmax,
  LogSoftmax: reductions.logSoftmax,
  TopK: topK,
  Reshape: shape.reshape,
  Transpose: shape.transpose,
  Concat: shape.concat,
  Slice: shape.slice,
  Pad: shape.pad,
  BroadcastTo: shape.broadcastTo,
  Gather: indexing.gather,
  SegmentSum: indexing.segmentSum,
  ScatterUpdate: indexing.scatterUpdate,
  AllGather: collectives.allGather,
  AllReduce: collectives.allReduce,
};

export function isLeaf(op: OpName): op is LeafName {
  return op === 'Input' || op === 'Parameter' || op === 'Constant';
}

export function rowOf(op: Exclude<OpName, LeafName>): OpRow {
  return ops[op];
}
