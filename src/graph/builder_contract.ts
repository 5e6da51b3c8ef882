/** What a graph is built with: its values, and one method an op. `builder.ts` makes them. */
import type { Dim, Dtype, Graph, Initial, Node, TensorType } from './graph.ts';

/** A value of the graph being built. */
export interface Ref {
  readonly id: number;
  readonly type: TensorType;
}

export interface MatMulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

export interface Builder {
  readonly nodes: readonly Node[];

  // leaves
  input(name: string, shape: readonly Dim[], dtype?: Dtype): Ref;
  /** Named by the current scope: `user/main/mlp/weights_0`. Asked for twice under one name it is the same parameter. */
  parameter(name: string, shape: readonly number[], initial: Initial, options?: { trainable?: boolean }): Ref;
  constant(values: readonly number[] | number, shape?: readonly number[], dtype?: Dtype): Ref;
  /** Labels of nodes, and names of parameters, made inside start with `name/`. */
  scope<T>(name: string, body: () => T): T;
  /** Labels and names made inside start from nothing, wherever this is called. */
  unscoped<T>(body: () => T): T;

  // element by element; numbers represent scalar constants
  add(a: Ref | number, b: Ref | number): Ref;
  sub(a: Ref | number, b: Ref | number): Ref;
  mul(a: Ref | number, b: Ref | number): Ref;
  div(a: Ref | number, b: Ref | number): Ref;
  maximum(a: Ref | number, b: Ref | number): Ref;
  minimum(a: Ref | number, b: Ref | number): Ref;
  equal(a: Ref, b: Ref): Ref;
  greater(a: Ref | number, b: Ref | number): Ref;
  greaterEqual(a: Ref | number, b: Ref | number): Ref;
  logicalAnd(a: Ref, b: Ref): Ref;
  logicalOr(a: Ref, b: Ref): Ref;
  logicalNot(a: Ref): Ref;
  neg(a: Ref): Ref;
  exp(a: Ref): Ref;
  log(a: Ref): Ref;
  sqrt(a: Ref): Ref;
  rsqrt(a: Ref): Ref;
  square(a: Ref): Ref;
  abs(a: Ref): Ref;
  sign(a: Ref): Ref;
  tanh(a: Ref): Ref;
  sigmoid(a: Ref): Ref;
  relu(a: Ref): Ref;
  softplus(a: Ref): Ref;
  stopGradient(a: Ref): Ref;
  cast(a: Ref, dtype: Dtype): Ref;
  select(condition: Ref, then: Ref | number, otherwise: Ref | number): Ref;

  // products
  matMul(a: Ref, b: Ref, options?: MatMulOptions): Ref;
  batchMatMul(a: Ref, b: Ref, options?: MatMulOptions): Ref;

  // reductions
  sum(a: Ref, axes: readonly number[], keepDims?: boolean): Ref;
  mean(a: Ref, axes: readonly number[], keepDims?: boolean): Ref;
  max(a: Ref, axes: readonly number[], keepDims?: boolean): Ref;
  softmax(a: Ref): Ref;
  logSoftmax(a: Ref): Ref;
  topK(a: Ref, k: number): Ref;

  // shape
  reshape(a: Ref, shape: readonly Dim[]): Ref;
  transpose(a: Ref, perm: readonly number[]): Ref;
  concat(parts: readonly Ref[], axis: number): Ref;
  slice(a: Ref, begin: readonly number[], size: readonly Dim[]): Ref;
  pad(a: Ref, before: readonly number[], after: readonly number[]): Ref;
  broadcastTo(a: Ref, like: Ref): Ref;
  gather(a: Ref, indices: Ref): Ref;
  segmentSum(values: Ref, segments: Ref, rows: Dim): Ref;
  scatterUpdate(a: Ref, indices: Ref, updates: Ref): Ref;

  // between workers
  /** @param all any int32 values, as many as there are rows of all workers */
  allGather(a: Ref, places: Ref, all: Ref): Ref;
  allReduce(a: Ref): Ref;

  output(name: string, value: Ref): void;
  /** After a run, the parameter holds `value`. */
  update(parameter: Ref, value: Ref): void;
  finish(): Graph;
}
