/**
 * The contract of an engine: it prepares a graph once and runs it many times. Engines agree: a differential test holds
 * every op and every model to 1e-5 between them.
 */
import type { Graph, Tensor } from '../graph/graph.ts';
import type { Meeting, WorkerGroup } from './group.ts';

export type EngineName = 'tensorflow' | 'onnx' | 'javascript' | 'torch';

export type Tensors = Readonly<Record<string, Tensor>>;

export interface Engine {
  readonly name: EngineName;
  /** The version of the runtime, as it reports itself: `TensorFlow 2.21.0 (tfjs-node 4.22.0)`. */
  readonly version: string;
  /**
   * Runs whose rows are a multiple of this give a row the same bits, with most graphs: other runs sum in another order. Default: 1. `src/training/scoring/same_bits.ts` checks
   * each graph that answers requests.
   */
  readonly evenRows?: number;
  /** Has kernels for products of bfloat16. Absent: it multiplies in float32, and rounds what comes out. */
  readonly multipliesBfloat16?: true;
  /**
   * @param parameters the first values of every parameter of the graph, by name
   * @param rows of a run, at most: so few that threads may cost more than they save. Default: many
   */
  prepare(graph: Graph, parameters: Tensors, rows?: number): Promise<Program>;
  /**
   * Makes this process one of several workers: programs that are prepared after it run ops between them. Absent: it cannot.
   * @throws Failure `worker-lost`
   */
  join?(meeting: Meeting): Promise<WorkerGroup>;
  /**
   * Loads the graph once more and runs it for each of the inputs, always from these parameters: updates are computed and not kept. A run
   * before them is not counted. Absent: the runtime does not distinguish ops.
   */
  timeOps?(graph: Graph, parameters: Tensors, inputs: readonly Tensors[]): Promise<OpTimes>;
}

/** A graph that is loaded and holds its own parameters. Not safe to run twice at the same time. */
export interface Program {
  /**
   * One run: every input by name, every output by name; then the graph's updates are applied to the parameters that
   * this program holds. Input arrays may be reused by the caller after the promise resolves; outputs are the caller's.
   */
  run(inputs: Tensors): Promise<Tensors>;
  /** Copies of the current values of all parameters. */
  read(): Promise<Tensors>;
  /** Replaces the current values of the named parameters. */
  write(parameters: Tensors): Promise<void>;
  /** Frees what the runtime holds. */
  close(): Promise<void>;
}

/** Times of each op of a graph in an engine, measured in a separate program that does not affect training. */
export interface OpTime {
  /** The graph's node that the op computes, or a part of it; absent where the runtime made it of several. */
  readonly node?: number;
  /** The name in the runtime: `MatMul`. */
  readonly op: string;
  /** Milliseconds since the run began. */
  readonly start: number;
  readonly milliseconds: number;
}

export interface OpTimes {
  /** A sentence that says what was timed. */
  readonly how: string;
  /** A run for each of the inputs, with its ops in the order in which they ran. */
  readonly runs: readonly (readonly OpTime[])[];
}
