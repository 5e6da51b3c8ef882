/** The contract of an engine: it prepares a graph once and runs it many times. A differential test checks that engines agree to 1e-5 on every op and every model. */
import type { Graph, Tensor } from '../graph/graph.ts';
import type { Meeting, WorkerGroup } from './group.ts';

/** All engines, in the order in which they are chosen for training. */
export const engineNames = ['tensorflow', 'onnx', 'javascript', 'torch'] as const;
export type EngineName = (typeof engineNames)[number];

export type Tensors = Readonly<Record<string, Tensor>>;

export interface Engine {
  readonly name: EngineName;
  /** The version of the runtime, as it reports itself: `TensorFlow 2.21.0 (tfjs-node 4.22.0)`. */
  readonly version: string;
  /**
   * With most graphs, runs whose number of rows is a multiple of this give a row the same bits; other runs sum in another order. Default: 1.
   * `src/training/scoring/tower_vectors.ts` checks each graph that answers requests.
   */
  readonly evenRows?: number;
  /** Present if the engine has kernels for bfloat16 products. Absent: it multiplies in float32, and rounds the results. */
  readonly multipliesBfloat16?: true;
  /**
   * @param parameters the initial values of every parameter of the graph, by name
   * @param rows maximum rows of a run, if they are so few that threads may cost more than they save. Default: many
   */
  prepare(graph: Graph, parameters: Tensors, rows?: number): Promise<Program>;
  /** Makes this process one of several workers: programs that are prepared after it run ops between them. Absent: not supported. @throws Failure `worker-lost` */
  join?(meeting: Meeting): Promise<WorkerGroup>;
  /**
   * Loads the graph again and runs it for each of the inputs, always from these parameters: updates are computed and discarded. A warm-up run is not counted.
   * Absent: the runtime does not distinguish ops.
   */
  timeOps?(graph: Graph, parameters: Tensors, inputs: readonly Tensors[]): Promise<OpTimes>;
}

/** A loaded graph with parameters of its own. Must not run twice at the same time. */
export interface Program {
  /**
   * Runs the graph once: takes every input by name and returns every output by name, then applies the graph's updates to the parameters of this program. The
   * caller may reuse input arrays after the promise resolves, and owns the outputs.
   */
  run(inputs: Tensors): Promise<Tensors>;
  /** Returns copies of the current values of all parameters. */
  read(): Promise<Tensors>;
  /** Replaces the current values of the named parameters. */
  write(parameters: Tensors): Promise<void>;
  /** Frees the memory of the runtime. */
  close(): Promise<void>;
}

/** The time of an op in an engine, measured in a program of its own, so that the program that trains is not disturbed. */
export interface OpTime {
  /** The graph's node that the op computes, or computes a part of; absent if the runtime made the op of several nodes. */
  readonly node?: number;
  /** Name of the op in the runtime: `MatMul`. */
  readonly op: string;
  /** Milliseconds since the run began. */
  readonly start: number;
  readonly milliseconds: number;
}

export interface OpTimes {
  /** A sentence about what was timed. */
  readonly how: string;
  /** One run for each of the inputs, with its ops in the order in which they ran. */
  readonly runs: readonly (readonly OpTime[])[];
}
