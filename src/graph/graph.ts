/**
 * The graph: plain data over a small closed set of TensorFlow ops, every value typed. It can be written as JSON, printed,
 * differentiated, counted, and handed to any engine. Nothing here computes.
 */
import type { OpName } from './ops.ts';

export type Dtype = 'float32' | 'bfloat16' | 'int32' | 'bool';

export const bytesOfDtype: Readonly<Record<Dtype, number>> = { float32: 4, bfloat16: 2, int32: 4, bool: 1 };

/** Dtypes of inputs and outputs: bfloat16 is for values between two nodes alone. */
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
  /** Where in the model it comes from, for printing and counting: `user/main/mlp`. */
  readonly label: string;
}

/** How a parameter's first values are drawn. `fans` are those of the matrix: [inputs, outputs]. */
export type Initial =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly limit: number }
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
  /** False for optimizer slots, running means and the like: kept, not differentiated. */
  readonly trainable: boolean;
}

export interface GraphOutput {
  readonly name: string;
  readonly node: number;
}

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
}

/** Row-major numbers with their shape: what goes into a graph and what comes out. Bools are Uint8Array of 0/1. */
export interface Tensor {
  readonly dtype: HostDtype;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}
