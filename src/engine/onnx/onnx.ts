/** The `onnx` engine: onnxruntime-node, whose binary comes inside its npm package. */
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { resolveShape } from '../../graph/dims.ts';
import type { Graph, Tensor } from '../../graph/graph.ts';
import { checkParameters, checkTensor, type Symbols } from '../check.ts';
import type { Engine, Program, Tensors } from '../engine.ts';
import { parameterInput, trainingOnnx, updatedOutput } from '../formats/onnx.ts';

type Runtime = typeof import('onnxruntime-node');

class OnnxProgram implements Program {
  /** Current values of the parameters, and for updated ones the tensor that the next run writes: they change places. */
  private readonly current = new Map<string, OrtTensor>();
  private readonly next = new Map<string, OrtTensor>();

  constructor(
    private readonly runtime: Runtime,
    private readonly session: InferenceSession,
    private readonly graph: Graph,
    parameters: Tensors,
  ) {
    for (const { name } of graph.parameters) this.current.set(name, this.wrap(copy(parameters[name]!)));
    for (const { parameter } of graph.updates) this.next.set(parameter, this.wrap(copy(parameters[parameter]!)));
  }

  async run(inputs: Tensors): Promise<Tensors> {
    const symbols: Symbols = {};
    const feeds: Record<string, OrtTensor> = {};
    for (const input of this.graph.inputs) {
      feeds[input.name] = this.wrap(checkTensor(this.graph, input, inputs[input.name], symbols));
    }
    for (const [name, value] of this.current) feeds[parameterInput(name)] = value;

    // Results are written where they are wanted: into the caller's new arrays and the other half of the parameters.
    const outputs: Record<string, Tensor> = {};
    const fetches: Record<string, OrtTensor> = {};
    for (const { name, node } of this.graph.outputs) {
      const { dtype, shape } = this.graph.nodes[node]!.type;
      outputs[name] = empty(dtype, resolveShape(shape, symbols));
      fetches[name] = this.wrap(outputs[name]);
    }
    for (const [name, value] of this.next) fetches[updatedOutput(name)] = value;

    await this.session.run(feeds, fetches);
    for (const [name, value] of this.next) {
      this.next.set(name, this.current.get(name)!);
      this.current.set(name, value);
    }
    return outputs;
  }

  async read(): Promise<Tensors> {
    return Object.fromEntries(
      this.graph.parameters.map(({ name, node }) => {
        const { dims, data } = this.current.get(name)!;
        const { dtype } = this.graph.nodes[node]!.type;
        return [name, copy({ dtype, shape: dims, data: data as Tensor['data'] })];
      }),
    );
  }

  async write(parameters: Tensors): Promise<void> {
    for (const parameter of this.graph.parameters) {
      if (!(parameter.name in parameters)) continue;
      const { data } = checkTensor(this.graph, parameter, parameters[parameter.name], {});
      (this.current.get(parameter.name)!.data as Tensor['data']).set(data);
    }
  }

  async close(): Promise<void> {
    await this.session.release();
  }

  /** The same memory, as the runtime's tensor. */
  private wrap({ dtype, data, shape }: Tensor): OrtTensor {
    return new this.runtime.Tensor(dtype, data as Float32Array, shape);
  }
}

const copy = ({ dtype, shape, data }: Tensor): Tensor => ({ dtype, shape, data: data.slice() });

function empty(dtype: Tensor['dtype'], shape: readonly number[]): Tensor {
  const length = shape.reduce((product, dim) => product * dim, 1);
  const Constructor = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype];
  return { dtype, shape, data: new Constructor(length) };
}

/** Rejects where onnxruntime-node is not installed or has no binary for this platform. */
export async function onnxEngine(): Promise<Engine> {
  const runtime = await import('onnxruntime-node');
  return {
    name: 'onnx',
    version: `ONNX Runtime ${runtime.env.versions.node ?? runtime.env.versions.common}`,
    async prepare(graph, parameters) {
      checkParameters(graph, parameters);
      const session = await runtime.InferenceSession.create(trainingOnnx(graph), {
        executionProviders: ['cpu'],
        graphOptimizationLevel: 'all',
        enableCpuMemArena: true,
        executionMode: 'sequential',
        logSeverityLevel: 3,
      });
      return new OnnxProgram(runtime, session, graph, parameters);
    },
  };
}
