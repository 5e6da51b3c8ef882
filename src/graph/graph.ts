/**
 * The graph is plain data over a small closed set of TensorFlow ops, and every value has a type. It can be written as JSON, printed, differentiated, counted,
 * and given to any engine. Nothing here computes.
 */

/** Elementwise ops of two operands; shapes broadcast as in NumPy. */
export const binaryNames = [
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Maximum',
  'Minimum',
  'Equal',
  'Greater',
  'GreaterEqual',
  'LogicalAnd',
  'LogicalOr',
] as const;

/** Elementwise ops of one operand. */
export const unaryNames = [
  'Neg',
  'Exp',
  'Log',
  'Sqrt',
  'Rsqrt',
  'Square',
  'Abs',
  'Sign',
  'Tanh',
  'Cos',
  'Sin',
  'Sigmoid',
  'Relu',
  'Softplus',
  'LogicalNot',
] as const;

/** Ops that compute each number of the output from the numbers at the same index of the operands. */
export const elementwiseNames = [...binaryNames, 'Select', ...unaryNames, 'StopGradient', 'Cast'] as const;

export const productNames = ['MatMul', 'BatchMatMul'] as const;
export const reductionNames = ['Sum', 'Mean', 'Max'] as const;
/** Ops over the last axis. */
export const softmaxNames = ['Softmax', 'LogSoftmax'] as const;

/**
 * The closed list of ops. The builder's methods for the groups above, and the types of all tables of ops, follow from it. The row of an op in `ops/` says what
 * it computes, and with which attributes.
 */
export const opNames = [
  'Input',
  'Parameter',
  'Constant',
  ...elementwiseNames,
  ...productNames,
  ...reductionNames,
  ...softmaxNames,
  'TopK',
  'Reshape',
  'Transpose',
  'Concat',
  'Slice',
  'Pad',
  'BroadcastTo',
  'Gather',
  'SegmentSum',
  'ScatterUpdate',
  'AllGather',
  'AllReduce',
] as const;

export type OpName = (typeof opNames)[number];
export type LeafName = 'Input' | 'Parameter' | 'Constant';
/** Ops that compute a value from operands. */
export type ComputedOp = Exclude<OpName, LeafName>;

export type Dtype = 'float32' | 'bfloat16' | 'int32' | 'bool';

export const bytesOfDtype: Readonly<Record<Dtype, number>> = { float32: 4, bfloat16: 2, int32: 4, bool: 1 };

/** Dtypes of inputs and outputs: bfloat16 is only for values between two nodes. */
export type HostDtype = Exclude<Dtype, 'bfloat16'>;

/**
 * A length known only when the graph runs: `times` × the symbol. Symbols in use: `batch` (rows of a step or a query),
 * `negatives` (sampled rows), `hits` (accidental hits of a batch).
 */
export interface SymbolicDim {
  readonly symbol: string;
  readonly times: number;
}

export type Dim = number | SymbolicDim;

export interface TensorType {
  readonly dtype: Dtype;
  readonly shape: readonly Dim[];
}

export type Attribute = number | string | boolean | readonly number[] | readonly Dim[];

/**
 * One value. Its id is its index in `Graph.nodes`; inputs always have smaller ids, so the list is in topological order.
 * `Input` and `Parameter` carry attribute `name`; `Constant` carries `values` (row-major numbers; bools as 0/1).
 */
export interface Node {
  readonly op: OpName;
  readonly inputs: readonly number[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly type: TensorType;
  /** The part of the model that the node comes from, for printing and counting: `user/main/mlp`. */
  readonly label: string;
}

/** The distribution of a parameter's initial values. `fans` are those of the matrix: [inputs, outputs]. */
export type Initial =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly limit: number }
  /** Normal with mean 0. */
  | { readonly kind: 'normal'; readonly deviation: number }
  /** Glorot & Bengio 2010: uniform in ±sqrt(6 / (inputs + outputs)). */
  | { readonly kind: 'glorot'; readonly fans: readonly [number, number] };

export interface GraphInput {
  readonly name: string;
  readonly node: number;
}

export interface GraphParameter {
  readonly name: string;
  readonly node: number;
  readonly initial: Initial;
  /** False for optimizer slots, running means and the like, which are stored but not differentiated. */
  readonly trainable: boolean;
}

export type GraphOutput = GraphInput;

/**
 * A value with a name that says which part of a known computation it is: `watch/user` are the vectors of which the loss of task `watch` is computed. Passes keep
 * values, so what marks say stays true, and an engine may compute one marked value from others by a kernel of its own. Without such a kernel they mean nothing.
 */
export type GraphMark = GraphInput;

/** After a run, `parameter` holds the value of `node`. All updates read the values from before the run. */
export interface GraphUpdate {
  readonly parameter: string;
  readonly node: number;
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly inputs: readonly GraphInput[];
  readonly parameters: readonly GraphParameter[];
  readonly outputs: readonly GraphOutput[];
  readonly updates: readonly GraphUpdate[];
  /** Absent if there are none. */
  readonly marks?: readonly GraphMark[];
}

/** Row-major numbers with their shape: an input or an output of a graph. Bools are Uint8Array of 0/1. */
export interface Tensor {
  readonly dtype: HostDtype;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** Returns a tensor of these numbers, which has one axis unless a shape is given. */
export const tensorOf = (data: Float32Array | Int32Array, ...shape: number[]): Tensor => ({
  dtype: data instanceof Int32Array ? 'int32' : 'float32',
  shape: shape.length > 0 ? shape : [data.length],
  data,
});

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

/** Methods of the ops whose groups share a signature: `add(a, b)`, `exp(a)`, `matMul(a, b)`, `sum(a, [1])`. */
export interface OpGroupMethods
  extends Methods<typeof binaryNames, (a: Operand, b: Operand) => Ref>,
    Methods<typeof unaryNames | typeof softmaxNames, (a: Ref) => Ref>,
    Methods<typeof productNames, (a: Ref, b: Ref, options?: MatMulOptions) => Ref>,
    Methods<typeof reductionNames, (a: Ref, axes: readonly number[], keepDims?: boolean) => Ref> {}

/** One method per op; `builder.ts` implements it. */
export interface Builder extends OpGroupMethods {
  readonly nodes: readonly Node[];

  input(name: string, shape: readonly Dim[], dtype?: Dtype): Ref;
  /** Named by the current scope: `user/main/mlp/weights_0`. A second call with the same name returns the same parameter. */
  parameter(name: string, shape: readonly number[], initial: Initial, options?: { trainable?: boolean }): Ref;
  constant(values: readonly number[] | number, shape?: readonly number[], dtype?: Dtype): Ref;
  /** Labels of nodes and names of parameters that are made inside start with `name/`. */
  scope<T>(name: string, body: () => T): T;
  /** Labels and names that are made inside start empty, wherever this is called. */
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

  /** @param allRows any int32 values, as many as there are rows of all workers */
  allGather(a: Ref, places: Ref, allRows: Ref): Ref;
  allReduce(a: Ref): Ref;

  output(name: string, value: Ref): void;
  mark(name: string, value: Ref): void;
  /** After a run, the parameter holds `value`. */
  update(parameter: Ref, value: Ref): void;
  finish(): Graph;
}
