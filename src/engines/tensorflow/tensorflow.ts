/** The `tensorflow` engine: a graph runs whole, as a SavedModel in one session of tfjs-node's TensorFlow. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { systemReason } from '../../base/diagnostics/system_reason.ts';
import { makeTemporary, removeTemporary } from '../../base/storage/temporary.ts';
import { hostDtype } from '../../graph/bfloat16.ts';
import type { Graph, HostDtype, Tensor } from '../../graph/graph.ts';
import { checkParameters, checkTensor, type Symbols } from '../check.ts';
import type { Engine, Program, Tensors } from '../engine.ts';
import { type TrainingNames, trainingSavedModel } from '../formats/saved_model.ts';
import { type Binding, loadBinding, typeCode } from './binding.ts';
import { timeTensorflowOps } from './time_ops.ts';

/** The session's name of the first output of a node. */
const first = (node: string): string => `${node}:0`;

/**
 * A copy that TensorFlow copies again. It shares the memory of an array that begins at a multiple of 64 bytes, and a
 * variable would keep it; letting go of JavaScript's memory is allowed in JavaScript's thread alone.
 */
function unaligned(data: Tensor['data']): Tensor['data'] {
  const Constructor = data.constructor as Float32ArrayConstructor;
  const buffer = new ArrayBuffer(data.byteLength + data.BYTES_PER_ELEMENT);
  const copy = new Constructor(buffer, data.BYTES_PER_ELEMENT, data.length);
  copy.set(data);
  return copy;
}

class TensorflowProgram implements Program {
  private readonly inputNames: string;
  private readonly outputNames: string;
  private readonly inputs: readonly { name: string; node: number; type: number }[];
  private readonly dtypes: ReadonlyMap<number, HostDtype>;

  constructor(
    private readonly binding: Binding,
    private readonly session: number,
    private readonly graph: Graph,
    private readonly names: TrainingNames,
  ) {
    this.inputs = graph.inputs.map((input) => ({
      ...input,
      type: typeCode(binding, hostDtype(graph.nodes[input.node]!.type.dtype)),
    }));
    this.dtypes = new Map((['float32', 'int32', 'bool'] as const).map((dtype) => [typeCode(binding, dtype), dtype]));
    this.inputNames = graph.inputs.map(({ name }) => first(names.inputs[name]!)).join();
    const outputs = graph.outputs.map(({ name }) => first(names.outputs[name]!));
    this.outputNames = [...outputs, ...(names.updated ? [first(names.updated)] : [])].join();
  }

  async run(inputs: Tensors): Promise<Tensors> {
    const symbols: Symbols = {};
    const tensors = this.inputs.map((input) => checkTensor(this.graph, input, inputs[input.name], symbols));
    const ids = tensors.map(({ shape, data }, index) =>
      this.binding.createTensor(shape, this.inputs[index]!.type, data),
    );
    try {
      const fetched = this.fetch(ids, this.inputNames, this.outputNames);
      return Object.fromEntries(this.graph.outputs.map(({ name }, index) => [name, fetched[index]!]));
    } finally {
      for (const id of ids) this.binding.deleteTensor(id);
    }
  }

  async read(): Promise<Tensors> {
    const names = this.graph.parameters.map(({ name }) => name);
    if (names.length === 0) return {};
    const values = this.fetch([], '', names.map((name) => first(this.names.read[name]!)).join());
    return Object.fromEntries(names.map((name, index) => [name, values[index]!]));
  }

  async write(parameters: Tensors): Promise<void> {
    const named = this.graph.parameters.filter(({ name }) => name in parameters);
    if (named.length === 0) return;
    const ids = named.map((parameter) => {
      const { shape, data, dtype } = checkTensor(this.graph, parameter, parameters[parameter.name], {});
      return this.binding.createTensor(shape, typeCode(this.binding, dtype), unaligned(data));
    });
    try {
      const feeds = named.map(({ name }) => first(this.names.write[name]!)).join();
      this.fetch(ids, feeds, named.map(({ name }) => first(this.names.written[name]!)).join());
    } finally {
      for (const id of ids) this.binding.deleteTensor(id);
    }
  }

  async close(): Promise<void> {
    this.binding.deleteSavedModel(this.session);
  }

  /** Feeds, runs, and takes the results out of the runtime; the last fetch may be one that only has updates done. */
  private fetch(ids: readonly number[], feeds: string, fetches: string): Tensor[] {
    const results = this.binding.runSavedModel(this.session, ids, feeds, fetches);
    return results.map(({ id, shape, dtype }) => {
      const data = this.binding.tensorDataSync(id);
      this.binding.deleteTensor(id);
      return { dtype: this.dtypes.get(dtype)!, shape, data };
    });
  }
}

/** The session is loaded from files; they are needed no longer than that. */
function loadSession(binding: Binding, bytes: Uint8Array): number {
  const folder = makeTemporary('graph');
  const path = join(folder, 'saved_model.pb');
  try {
    writeFileSync(path, bytes);
    return binding.loadSavedModel(folder, 'serve');
  } catch (error) {
    const reason = systemReason(error);
    if (reason !== undefined) throw failure('cannot-write', { path, reason });
    // An error of TensorFlow is a text without a code.
    if (/; Input\/output error/.test(String(error)))
      throw failure('cannot-read', { path, reason: 'the disk reports an error' });
    throw error;
  } finally {
    removeTemporary(folder);
  }
}

/** Throws, with what was tried, where the native library does not load. */
export function tensorflowEngine(): Engine {
  const { binding, tfjsNodeVersion } = loadBinding();
  return {
    name: 'tensorflow',
    version: `TensorFlow ${binding.TF_Version} (tfjs-node ${tfjsNodeVersion})`,
    evenRows: 8,
    multipliesBfloat16: true,
    async prepare(graph, parameters) {
      checkParameters(graph, parameters);
      const { bytes, names } = trainingSavedModel(graph);
      const program = new TensorflowProgram(binding, loadSession(binding, bytes), graph, names);
      await program.write(parameters);
      return program;
    },
    timeOps: async (...given) => timeTensorflowOps(binding, ...given),
  };
}
