/** The `javascript` engine: the graph as a graph model in TensorFlow.js, on WebAssembly, else in plain JavaScript. */
import type * as converter from '@tensorflow/tfjs-converter';
import type * as tfjs from '@tensorflow/tfjs-core';
import { failure } from '../../base/diagnostics/failure.ts';
import { roundToBfloat16 } from '../../graph/bfloat16.ts';
import type { Graph, Tensor } from '../../graph/graph.ts';
import { peakBytes } from '../../graph/peak.ts';
import { checkParameters, checkTensor, type Symbols } from '../check.ts';
import type { Engine, Program, Tensors } from '../engine.ts';
import { exportsOf } from '../exports_of.ts';
import { parameterInput, roundOp, type TfjsArtifacts, trainingTfjs, updatedOutput } from '../formats/tfjs_model.ts';
import { timeJavascriptOps } from './time_ops.ts';

type Runtime = typeof tfjs;

/** WebAssembly addresses 4 GiB; a part of it is the allocator's and TensorFlow.js's own. */
const wasmLimit = 3.75 * 2 ** 30;

class JavascriptProgram implements Program {
  private readonly state = new Map<string, tfjs.Tensor>();
  private readonly results: string[];

  constructor(
    private readonly runtime: Runtime,
    private readonly model: converter.GraphModel,
    private readonly graph: Graph,
    parameters: Tensors,
  ) {
    for (const { name } of graph.parameters) this.state.set(name, this.enter(parameters[name]!));
    this.results = [
      ...graph.outputs.map(({ name }) => name),
      ...graph.updates.map(({ parameter }) => updatedOutput(parameter)),
    ];
  }

  async run(inputs: Tensors): Promise<Tensors> {
    const symbols: Symbols = {};
    const checked = this.graph.inputs.map((input) => checkTensor(this.graph, input, inputs[input.name], symbols));
    if (this.runtime.getBackend() === 'wasm') this.checkMemory(symbols);

    const fed = checked.map((tensor) => this.enter(tensor));
    const feeds: Record<string, tfjs.Tensor> = {};
    this.graph.inputs.forEach(({ name }, index) => {
      feeds[name] = fed[index]!;
    });
    for (const [name, tensor] of this.state) feeds[parameterInput(name)] = tensor;

    const results = this.results.length === 0 ? [] : [this.model.execute(feeds, this.results)].flat();
    const outputs = this.graph.outputs.map(({ name }, index) => [name, leave(results[index]!)]);
    this.graph.updates.forEach(({ parameter }, index) => {
      this.state.get(parameter)!.dispose();
      this.state.set(parameter, results[this.graph.outputs.length + index]!);
    });
    this.runtime.dispose([...fed, ...results.slice(0, this.graph.outputs.length)]);
    return Object.fromEntries(outputs);
  }

  async read(): Promise<Tensors> {
    return Object.fromEntries([...this.state].map(([name, tensor]) => [name, leave(tensor)]));
  }

  async write(parameters: Tensors): Promise<void> {
    for (const parameter of this.graph.parameters) {
      if (!(parameter.name in parameters)) continue;
      const tensor = checkTensor(this.graph, parameter, parameters[parameter.name], {});
      this.state.get(parameter.name)!.dispose();
      this.state.set(parameter.name, this.enter(tensor));
    }
  }

  async close(): Promise<void> {
    this.runtime.dispose([...this.state.values()]);
    this.model.dispose();
  }

  private enter(tensor: Tensor): tfjs.Tensor {
    return enter(this.runtime, tensor);
  }

  /** Past its limit WebAssembly says "memory access out of bounds", which helps nobody. */
  private checkMemory(symbols: Symbols): void {
    const bytes = peakBytes(this.graph, symbols);
    if (bytes > wasmLimit) throw failure('engine-memory', { bytes, limit: wasmLimit, batch: symbols.batch });
  }
}

function enter(runtime: Runtime, { dtype, shape, data }: Tensor): tfjs.Tensor {
  // The plain backend keeps the array it is given, and the caller may reuse it.
  const own = runtime.getBackend() === 'cpu' ? data.slice() : data;
  return runtime.tensor(own, [...shape], dtype);
}

const leave = (tensor: tfjs.Tensor): Tensor => ({
  dtype: tensor.dtype as Tensor['dtype'],
  shape: tensor.shape,
  data: tensor.dataSync().slice() as Tensor['data'],
});

/** No backend has an op for it. */
function rounded(runtime: Runtime, exact: tfjs.Tensor): tfjs.Tensor {
  const data = exact.dataSync().slice() as Float32Array;
  roundToBfloat16(data);
  return runtime.tensor(data, exact.shape);
}

/** TensorFlow.js without its layers and its readers of data, which graphs do not use. */
export async function javascriptEngine(): Promise<Engine> {
  const runtime: Runtime = exportsOf(await import('@tensorflow/tfjs-core'), 'ready');
  const { loadGraphModel, registerOp } = exportsOf(await import('@tensorflow/tfjs-converter'), 'loadGraphModel');
  // Each adds itself to the runtime.
  await import('@tensorflow/tfjs-backend-cpu');
  const { version_wasm } = exportsOf(await import('@tensorflow/tfjs-backend-wasm'), 'version_wasm');
  // Says nothing about installing tfjs-node, and does not look at every result for NaN.
  runtime.enableProdMode();
  const wasm = await runtime.setBackend('wasm').catch(() => false);
  if (!wasm) await runtime.setBackend('cpu');
  await runtime.ready();
  registerOp(roundOp, ({ inputs: [exact] }) => rounded(runtime, exact!));
  const open = (artifacts: TfjsArtifacts): Promise<converter.GraphModel> =>
    loadGraphModel({ load: async () => artifacts as unknown as tfjs.io.ModelArtifacts });
  return {
    name: 'javascript',
    version: `TensorFlow.js ${runtime.version_core} (${wasm ? `WebAssembly ${version_wasm}` : 'plain JavaScript'})`,
    evenRows: 4,
    async prepare(graph, parameters) {
      checkParameters(graph, parameters);
      return new JavascriptProgram(runtime, await open(trainingTfjs(graph)), graph, parameters);
    },
    timeOps: (...given) => timeJavascriptOps({ open, enter: (tensor) => enter(runtime, tensor) }, ...given),
  };
}
