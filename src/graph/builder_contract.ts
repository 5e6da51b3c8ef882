/** The builder of a graph: its values, and one method an op. `builder.ts` implements it. */
import type { Dim, Dtype, Graph, Initial, Node, TensorType } from './graph.ts';
import type { binaryNames, productNames, reductionNames, softmaxNames, unaryNames } from './ops.ts';

/** A value of the graph being built. */
export interface Ref {
  readonly id: number;
  readonly type: TensorType;
}

/** A number becomes a scalar constant of the other operand's dtype. */
export type Operand = Ref | number;

export interface MatMulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

type Methods<Names extends readonly string[], Method> = { readonly [N in Names[number] as Uncapitalize<N>]: Method };

/** The methods of ops whose groups share a signature: `add(a, b)`, `exp(a)`, `matMul(a, b)`, `sum(a, [1])`. */
export interface UniformMethods
  extends Methods<typeof binaryNames, (a: Operand, b: Operand) => Ref>,
    Methods<typeof unaryNames | typeof softmaxNames, (a: Ref) => Ref>,
    Methods<typeof productNames, (a: Ref, b: Ref, options?: MatMulOptions) => Ref>,
    Methods<typeof reductionNames, (a: Ref, axes: readonly number[], keepDims?: boolean) => Ref> {}

export interface Builder extends UniformMethods {
  readonly nodes: readonly Node[];

  // leaves
  input(name: string, shape: readonly Dim[], dtype?: Dtype): Ref;
  /** Named by the current scope: `user/main/mlp/weights_0`. A second call with the same name returns the same parameter. */
  parameter(name: string, shape: readonly number[], initial: Initial, options?: { trainable?: boolean }): Ref;
  constant(values: readonly number[] | number, shape?: readonly number[], dtype?: Dtype): Ref;
  /** Labels of nodes, and names of parameters, made inside start with `name/`. */
  scope<T>(name: string, body: () => T): T;
  /** Labels and names made inside start from nothing, wherever this is called. */
  unscoped<T>(body: () => T): T;

  stopGradient(a: Ref): Ref;
  cast(a: Ref, dtype: Dtype): Ref;
  select(condition: Ref, then: Operand, otherwise: Operand): Ref;
  topK(a: Ref, k: number): Ref;

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
