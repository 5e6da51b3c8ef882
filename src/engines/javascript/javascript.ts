/** The `javascript` engine: runs the graph as a graph model of TensorFlow.js, on WebAssembly, or else in plain JavaScript. */
import type * as converter from '@tensorflow/tfjs-converter';
import type * as tfjs from '@tensorflow/tfjs-core';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { peakBytes } from '../../graph/count.ts';
import { roundToBfloat16 } from '../../graph/evaluate.ts';
import type { Graph, Tensor } from '../../graph/graph.ts';
import { checkNamedParameters, checkParameters, checkTensor, exportsOf, type SymbolLengths } from '../check.ts';
import type { Engine, OpTimes, Program, Tensors } from '../engine.ts';
import { parameterInput, updatedOutput } from '../formats/emitted.ts';
import { type SingleOp, sequentialOps, timeOneByOne } from '../formats/one_by_one.ts';
import type { TensorflowNode } from '../formats/tensorflow_writer.ts';
import { roundOp, stepTfjs, type TfjsArtifacts, trainingTfjs } from '../formats/tfjs_model.ts';

type TfjsCore = typeof tfjs;

/** WebAssembly addresses 4 GiB, of which the allocator and TensorFlow.js need a part themselves. */
const wasmLimit = 3.75 * 2 ** 30;

class JavascriptProgram implements Program {
  private readonly state = new Map<string, tfjs.Tensor>();
  private readonly results: string[];

  constructor(
    private readonly runtime: TfjsCore,
    private readonly model: converter.GraphModel,
    private readonly graph: Graph,
    parameters: Tensors,
  ) {
    for (const { name } of graph.parameters) this.state.set(name, this.upload(parameters[name]!));
    this.results = [
      ...graph.outputs.map(({ name }) => name),
      ...graph.updates.map(({ parameter }) => updatedOutput(parameter)),
    ];
  }

  async run(inputs: Tensors): Promise<Tensors> {
    const symbols: SymbolLengths = {};
    const checkedInputs = this.graph.inputs.map((input) => checkTensor(this.graph, input, inputs[input.name], symbols));
    if (this.runtime.getBackend() === 'wasm') this.checkMemory(symbols);

    const fedTensors = checkedInputs.map((tensor) => this.upload(tensor));
    const feeds = Object.fromEntries(this.graph.inputs.map(({ name }, index) => [name, fedTensors[index]!]));
    for (const [name, tensor] of this.state) feeds[parameterInput(name)] = tensor;

    const results = this.results.length === 0 ? [] : [this.model.execute(feeds, this.results)].flat();
    const outputs = this.graph.outputs.map(({ name }, index) => [name, download(results[index]!)]);
    this.graph.updates.forEach(({ parameter }, index) => {
      this.state.get(parameter)!.dispose();
      this.state.set(parameter, results[this.graph.outputs.length + index]!);
    });
    this.runtime.dispose([...fedTensors, ...results.slice(0, this.graph.outputs.length)]);
    return Object.fromEntries(outputs);
  }

  async read(): Promise<Tensors> {
    return Object.fromEntries([...this.state].map(([name, tensor]) => [name, download(tensor)]));
  }

  async write(parameters: Tensors): Promise<void> {
    for (const { name, tensor } of checkNamedParameters(this.graph, parameters)) {
      this.state.get(name)!.dispose();
      this.state.set(name, this.upload(tensor));
    }
  }

  async close(): Promise<void> {
    this.runtime.dispose([...this.state.values()]);
    this.model.dispose();
  }

  private upload(tensor: Tensor): tfjs.Tensor {
    return upload(this.runtime, tensor);
  }

  /** Beyond its memory limit WebAssembly only reports "memory access out of bounds". */
  private checkMemory(symbols: SymbolLengths): void {
    const bytes = peakBytes(this.graph, symbols);
    if (bytes > wasmLimit) throw failure('engine-memory', { bytes, limit: wasmLimit, batch: symbols.batch });
  }
}

function upload(runtime: TfjsCore, { dtype, shape, data }: Tensor): tfjs.Tensor {
  // The plain backend keeps the array that it is given, and the caller may reuse it.
  const ownData = runtime.getBackend() === 'cpu' ? data.slice() : data;
  return runtime.tensor(ownData, [...shape], dtype);
}

const download = (tensor: tfjs.Tensor): Tensor => ({
  dtype: tensor.dtype as Tensor['dtype'],
  shape: tensor.shape,
  data: tensor.dataSync().slice() as Tensor['data'],
});

/** Rounds in plain code, because no backend has an op for it. */
function roundTensor(runtime: TfjsCore, exact: tfjs.Tensor): tfjs.Tensor {
  const data = exact.dataSync().slice() as Float32Array;
  roundToBfloat16(data);
  return runtime.tensor(data, exact.shape);
}

/** Loads TensorFlow.js without its layers and its readers of data, which graphs do not use. */
export async function javascriptEngine(): Promise<Engine> {
  const runtime: TfjsCore = exportsOf(await import('@tensorflow/tfjs-core'), 'ready');
  const { loadGraphModel, registerOp } = exportsOf(await import('@tensorflow/tfjs-converter'), 'loadGraphModel');
  // Each backend adds itself to the runtime.
  await import('@tensorflow/tfjs-backend-cpu');
  const { version_wasm } = exportsOf(await import('@tensorflow/tfjs-backend-wasm'), 'version_wasm');
  // Suppresses the advice to install tfjs-node, and does not check every result for NaN.
  runtime.enableProdMode();
  const hasWasm = await runtime.setBackend('wasm').catch(() => false);
  if (!hasWasm) await runtime.setBackend('cpu');
  await runtime.ready();
  registerOp(roundOp, ({ inputs: [exact] }) => roundTensor(runtime, exact!));
  const loadModel = (artifacts: TfjsArtifacts): Promise<converter.GraphModel> =>
    loadGraphModel({ load: async () => artifacts as unknown as tfjs.io.ModelArtifacts });
  return {
    name: 'javascript',
    version: `TensorFlow.js ${runtime.version_core} (${hasWasm ? `WebAssembly ${version_wasm}` : 'plain JavaScript'})`,
    evenRows: 4,
    async prepare(graph, parameters) {
      checkParameters(graph, parameters);
      return new JavascriptProgram(runtime, await loadModel(trainingTfjs(graph)), graph, parameters);
    },
    timeOps: (...request) => timeJavascriptOps(loadModel, (tensor) => upload(runtime, tensor), ...request),
  };
}

const note = 'These are the times of the ops of TensorFlow.js, each called by itself. A call costs some microseconds.';

export async function timeJavascriptOps(
  loadModel: (model: TfjsArtifacts) => Promise<converter.GraphModel>,
  upload: (tensor: Tensor) => tfjs.Tensor,
  ...[graph, parameters, inputs]: Parameters<NonNullable<Engine['timeOps']>>
): Promise<OpTimes> {
  checkParameters(graph, parameters);
  const { artifacts, writer, owners } = stepTfjs(graph);
  const singleOps = sequentialOps(graph, writer, owners);
  const model = await loadModel(separateOps(artifacts, singleOps.ops));
  const fixedValues = new Map(
    graph.parameters.map(({ name, node }) => [singleOps.indexOfNode(node), upload(parameters[name]!)]),
  );
  const execute = ({ index, node }: SingleOp, operands: readonly (tfjs.Tensor | undefined)[]): tfjs.Tensor => {
    const feeds = operands.flatMap((value, operand) => (value ? [[operandName(index, operand), value] as const] : []));
    return model.execute(Object.fromEntries(feeds), node.name) as tfjs.Tensor;
  };
  try {
    const free = (tensor: tfjs.Tensor): void => tensor.dispose();
    return { how: note, runs: timeOneByOne({ upload, execute, free }, graph, singleOps, fixedValues, inputs) };
  } finally {
    model.dispose();
  }
}

const operandName = (index: number, operand: number): string => `${index}/${operand}`;

/** Returns a model in which each op reads placeholders of its own, except for constants, which are the model's. */
function separateOps(artifacts: TfjsArtifacts, ops: readonly SingleOp[]): TfjsArtifacts {
  const { node: allNodes, versions } = artifacts.modelTopology;
  const constantNodes = allNodes.filter(({ op }) => op === 'Const');
  const constantNames = new Set(constantNodes.map(({ name }) => name));
  const nodes = ops.flatMap(({ index, node }): TensorflowNode[] => {
    const inputNames = node.input.map((name, operand) =>
      constantNames.has(name) ? name : operandName(index, operand),
    );
    // A placeholder without a type accepts any.
    const placeholders = inputNames
      .filter((name) => !constantNames.has(name))
      .map((name) => ({ name, op: 'Placeholder', input: [], attr: {} }));
    return [...placeholders, { ...node, input: inputNames }];
  });
  return {
    ...artifacts,
    modelTopology: { node: [...constantNodes, ...nodes], versions },
    signature: { inputs: {}, outputs: {} },
    userDefinedMetadata: { structuredOutputKeys: [] },
  };
}
