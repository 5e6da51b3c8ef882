/** The `onnx` engine: onnxruntime-node, which the build puts into this package. */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { makeTemporaryFolder, removeTemporaryFolder } from '../../base/storage/temporary.ts';
import { countCost, equalSizes } from '../../graph/count.ts';
import { hostDtype } from '../../graph/evaluate.ts';
import type { Graph, Tensor } from '../../graph/graph.ts';
import {
  checkNamedParameters,
  checkParameters,
  checkTensor,
  copyTensors,
  exportsOf,
  type SymbolLengths,
} from '../check.ts';
import type { Engine, OpTime, OpTimes, Program, Tensors } from '../engine.ts';
import { parameterInput, updatedOutput } from '../formats/emitted.ts';
import { stepOnnx, trainingOnnx } from '../formats/onnx_file.ts';

/** Times of ops come from ONNX Runtime's own profiler: they are those of its kernels in a session like the one that trains. */
const measurementNote =
  'ONNX Runtime measures its kernels while the whole graph runs. Ops that it fused count for the first of them.';

/** An entry of the profiler's file, which is a Chrome trace: times are microseconds. */
interface TraceEntry {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

/** @param createSession makes a session with these options */
async function timeOnnxOps(
  runtime: OnnxRuntime,
  createSession: (model: Uint8Array, options: InferenceSession.SessionOptions) => Promise<InferenceSession>,
  ...[graph, parameters, inputs]: Parameters<NonNullable<Engine['timeOps']>>
): Promise<OpTimes> {
  checkParameters(graph, parameters);
  const { bytes, graphNodeOf } = stepOnnx(graph);
  const folder = makeTemporaryFolder('profile');
  try {
    const profileFilePrefix = join(folder, profilePrefix);
    const session = await createSession(bytes, { ...threadOptions(), enableProfiling: true, profileFilePrefix });
    const program = new OnnxProgram(runtime, session, graph, parameters);
    try {
      for (const runInputs of [...inputs.slice(0, 1), ...inputs]) {
        await program.run(runInputs);
        await program.write(parameters);
      }
      session.endProfiling();
    } finally {
      await program.close();
    }
    const profileFile = readdirSync(folder).find((name) => name.startsWith(profilePrefix));
    const entries: TraceEntry[] = JSON.parse(readFileSync(join(folder, profileFile!), 'utf8'));
    return { how: measurementNote, runs: runsOf(entries, graphNodeOf).slice(1) };
  } finally {
    removeTemporaryFolder(folder);
  }
}

/** Returns the kernels of each run. A run is an entry of its own, which begins before its kernels. */
function runsOf(entries: readonly TraceEntry[], graphNodeOf: ReadonlyMap<string, number>): OpTime[][] {
  const modelRuns = entries.filter(({ name }) => name === 'model_run').toSorted((a, b) => a.ts - b.ts);
  const kernelEntries = entries.filter(({ cat, name }) => cat === 'Node' && name.endsWith(kernelSuffix));
  return modelRuns.map(({ ts, dur }) =>
    kernelEntries
      .filter((kernel) => kernel.ts >= ts && kernel.ts <= ts + dur)
      .map((kernel): OpTime => {
        const node = ownerOf(kernel.name.slice(0, -kernelSuffix.length), graphNodeOf);
        const times = { start: (kernel.ts - ts) / 1000, milliseconds: kernel.dur / 1000 };
        return { op: kernel.args?.op_name ?? 'unknown', ...times, node };
      }),
  );
}

const profilePrefix = 'step';
const kernelSuffix = '_kernel_time';

/** Returns the graph's node of a kernel: `fused user/main/mlp/MatMul#9/MatMulAddFusion` was made of `user/main/mlp/MatMul#9`. */
function ownerOf(name: string, graphNodeOf: ReadonlyMap<string, number>): number | undefined {
  const nameParts = name.replace(/^fused /, '').split('/');
  const ownerName = nameParts
    .map((_, index) => nameParts.slice(0, nameParts.length - index).join('/'))
    .find((candidateName) => graphNodeOf.has(candidateName));
  return ownerName === undefined ? undefined : graphNodeOf.get(ownerName);
}

type OnnxRuntime = typeof import('onnxruntime-node');

class OnnxProgram implements Program {
  /** Current values of the parameters. */
  private readonly state = new Map<string, OrtTensor>();

  constructor(
    private readonly runtime: OnnxRuntime,
    private readonly session: InferenceSession,
    private readonly graph: Graph,
    parameters: Tensors,
  ) {
    for (const { name } of graph.parameters) this.state.set(name, this.wrap(copyTensor(parameters[name]!)));
  }

  async run(inputs: Tensors): Promise<Tensors> {
    const symbols: SymbolLengths = {};
    const feeds: Record<string, OrtTensor> = {};
    for (const input of this.graph.inputs) {
      feeds[input.name] = this.wrap(checkTensor(this.graph, input, inputs[input.name], symbols));
    }
    for (const [name, value] of this.state) feeds[parameterInput(name)] = value;
    // The binding copies each result into a new array, even if it is given one to write to, so it is given none.
    const results = await this.session.run(feeds);
    for (const { parameter } of this.graph.updates) this.state.set(parameter, results[updatedOutput(parameter)]!);
    return this.unwrapAll(this.graph.outputs, (name) => results[name]!);
  }

  async read(): Promise<Tensors> {
    return copyTensors(this.unwrapAll(this.graph.parameters, (name) => this.state.get(name)!));
  }

  async write(parameters: Tensors): Promise<void> {
    for (const { name, tensor } of checkNamedParameters(this.graph, parameters))
      this.state.set(name, this.wrap(copyTensor(tensor)));
  }

  async close(): Promise<void> {
    await this.session.release();
  }

  private unwrapAll(named: Graph['outputs'], resultOf: (name: string) => OrtTensor): Tensors {
    return Object.fromEntries(named.map(({ name, node }) => [name, unwrap(this.graph, node, resultOf(name))]));
  }

  /** Returns the runtime's tensor over the same memory. */
  private wrap({ dtype, data, shape }: Tensor): OrtTensor {
    return new this.runtime.Tensor(dtype, data as Float32Array, shape);
  }
}

const copyTensor = ({ dtype, shape, data }: Tensor): Tensor => ({ dtype, shape, data: data.slice() });

const unwrap = (graph: Graph, node: number, { dims, data }: OrtTensor): Tensor => ({
  dtype: hostDtype(graph.nodes[node]!.type.dtype),
  shape: dims,
  data: data as Tensor['data'],
});

/**
 * Returns the number of threads if the process may use only some cores, because of `taskset` or a container: ONNX Runtime starts a thread for each core of the
 * machine and binds it there, even to cores that the process may not use.
 */
function threadOptions(): { readonly intraOpNumThreads?: number } {
  const allowedCores = availableParallelism();
  return allowedCores < cpus().length ? { intraOpNumThreads: allowedCores } : {};
}

/**
 * Number of operations that one core does in a few milliseconds. In a small run, threads that wait for each other at each product take longer, most of all if
 * cores are busy.
 */
const smallRunFlops = 3e7;

/** True if a run of this many rows is small. `rows` is the largest number: a part of a divided batch has fewer. */
const isSmall = (graph: Graph, rows: number): boolean =>
  countCost(graph, equalSizes(graph, rows)).flops < smallRunFlops;

/** Rejects if ONNX Runtime has no library for this platform. */
export async function onnxEngine(): Promise<Engine> {
  const runtime: OnnxRuntime = exportsOf(await import('onnxruntime-node'), 'InferenceSession');
  const createSession = (model: Uint8Array, extraOptions: InferenceSession.SessionOptions): Promise<InferenceSession> =>
    runtime.InferenceSession.create(model, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      enableCpuMemArena: true,
      executionMode: 'sequential',
      logSeverityLevel: 3,
      // Threads spin for work only while a run lasts: between runs the cores are the host's. At batch 256 this is as fast as spinning all the time, and takes
      // three quarters of the processor time.
      extra: { session: { force_spinning_stop: '1' } },
      ...extraOptions,
    });
  return {
    name: 'onnx',
    version: `ONNX Runtime ${runtime.env.versions.node ?? runtime.env.versions.common}`,
    evenRows: 4,
    async prepare(graph, parameters, rows) {
      checkParameters(graph, parameters);
      const isSingle = rows !== undefined && isSmall(graph, rows);
      const session = await createSession(trainingOnnx(graph), isSingle ? { intraOpNumThreads: 1 } : threadOptions());
      return new OnnxProgram(runtime, session, graph, parameters);
    },
    timeOps: (...request) => timeOnnxOps(runtime, createSession, ...request),
  };
}
