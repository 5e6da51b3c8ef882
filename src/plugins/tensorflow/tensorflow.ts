/** The `tensorflow` engine: runs a whole graph as a SavedModel in one session of tfjs-node's TensorFlow. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describeSystemError, failure } from '../../base/diagnostics/diagnostic.ts';
import { cacheFolder } from '../../base/storage/package_file.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../../base/storage/temporary.ts';
import { checkNamedParameters, checkParameters, checkTensor, type SymbolLengths } from '../../engines/check.ts';
import type { Engine, OpTimes, Program, Tensors } from '../../engines/engine.ts';
import {
  type EagerRuntime,
  type SequentialOps,
  sequentialOps,
  timeOneByOne,
} from '../../engines/formats/one_by_one.ts';
import { stepModel, stepNodes, type TrainingNames, trainingSavedModel } from '../../engines/formats/saved_model.ts';
import type { TensorflowNode } from '../../engines/formats/tensorflow_writer.ts';
import { hostDtype } from '../../graph/evaluate.ts';
import type { Graph, HostDtype, Tensor } from '../../graph/graph.ts';
import type { OpAttribute, TensorflowAddon } from './addon.ts';
import { type FusedOps, fusedOps } from './fused_ops.ts';
import { scaledToSegments, segmentsOf, segmentTimes } from './segment_times.ts';

interface Loaded {
  readonly binding: TensorflowAddon;
  /** The folder of the package @tensorflow/tfjs-node. */
  readonly folder: string;
  readonly tfjsNodeVersion: string;
}

const typeCode = (binding: TensorflowAddon, dtype: HostDtype): number =>
  ({ float32: binding.TF_FLOAT, int32: binding.TF_INT32, bool: binding.TF_BOOL })[dtype];

export function loadBinding(): Loaded {
  const reasons: string[] = [];
  // The library reads this when it is loaded.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  for (const folder of packageFolders()) {
    const addon = addonIn(folder);
    if (!existsSync(addon)) {
      reasons.push(`${folder} has no native library`);
      continue;
    }
    try {
      const binding: TensorflowAddon = createRequire(import.meta.url)(addon);
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return { binding, folder, tfjsNodeVersion: version };
    } catch (error) {
      // Whatever the reason, another engine can run: a missing library, another processor, another C library.
      reasons.push(`${addon} does not load: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    }
  }
  if (reasons.length === 0) reasons.push('@tensorflow/tfjs-node is not installed');
  throw new Error(`${reasons.join('; ')} (\`tower engines --setup\` builds it)`);
}

// Folders in which tfjs-node's addon may be: with the project's packages, or in the cache that `npm run setup:tensorflow` fills.

/** The version of TensorFlow that scripts/setup-tensorflow.mjs builds against. */
const tensorflowVersion = '2.21.0';

export const tensorflowCacheFolder = (): string =>
  join(cacheFolder(), `tensorflow-${tensorflowVersion}-${process.platform}-${process.arch}`);

/** Returns the folders of @tensorflow/tfjs-node, the project's own first. */
export function packageFolders(): readonly string[] {
  const folders: string[] = [];
  try {
    folders.push(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json')));
  } catch {
    // A project may install it, but need not: its own install script fetches the library from a server that is not npm's.
  }
  folders.push(join(tensorflowCacheFolder(), 'node_modules', '@tensorflow', 'tfjs-node'));
  return folders.filter((folder) => existsSync(folder));
}

/** Returns the path of the addon, a Node-API library in a folder named by the version of that interface. Node 20 loads version 8. */
export const addonIn = (folder: string): string => join(folder, 'lib', 'napi-v8', 'tfjs_binding.node');

const howTimed =
  'TensorFlow runs the whole graph in one session. The time of a block is what it adds to a session that runs the step up to its end; within a block, times of ops are shares, measured one by one.';

/**
 * Runs the step op by op in TensorFlow's eager mode, because a session does not report the times of its ops, and tfjs-node has no call for them; then block
 * by block in a session, whose times they share.
 */
function timeTensorflowOps(
  binding: TensorflowAddon,
  ...[graph, parameters, inputs]: Parameters<NonNullable<Engine['timeOps']>>
): OpTimes {
  checkParameters(graph, parameters);
  const { writer, owners } = stepNodes(graph);
  const singleOps = sequentialOps(graph, writer, owners);
  const runs = timeEagerly(binding, graph, singleOps, parameters, inputs);
  const segments = segmentsOf(graph, singleOps);
  const session = loadSession(binding, stepModel(writer));
  const fed = [...graph.inputs, ...graph.parameters];
  const feeds = fed.map(({ node }) => firstOutput(writer.valueOf(node))).join();
  const inputIds = inputs.map((tensors) =>
    fed.map(({ name, node }) => {
      const { shape, data } = tensors[name] ?? parameters[name]!;
      return binding.createTensor(shape, typeCode(binding, hostDtype(graph.nodes[node]!.type.dtype)), data.slice());
    }),
  );
  try {
    const milliseconds = segmentTimes(segments, inputs.length, (input, fetches) => {
      for (const { id } of binding.runSavedModel(session, inputIds[input]!, feeds, fetches)) binding.deleteTensor(id);
    });
    return { how: howTimed, runs: runs.map((run) => scaledToSegments(run, segments, milliseconds)) };
  } finally {
    for (const id of inputIds.flat()) binding.deleteTensor(id);
    binding.deleteSavedModel(session);
  }
}

function timeEagerly(
  binding: TensorflowAddon,
  graph: Graph,
  singleOps: SequentialOps,
  parameters: Tensors,
  inputs: readonly Tensors[],
) {
  const attributes = new Map(singleOps.ops.map(({ index, node }) => [index, attributesOf(binding, node)]));
  const runtime: EagerRuntime<number> = {
    upload: ({ dtype, shape, data }) => binding.createTensor(shape, typeCode(binding, dtype), data.slice()),
    execute({ index, node }, operands) {
      const outputCount = node.op === 'TopKV2' ? 2 : 1;
      const [result, ...unread] = binding.executeOp(node.op, attributes.get(index)!, operands as number[], outputCount);
      for (const { id } of unread) binding.deleteTensor(id);
      return result!.id;
    },
    free: (id) => binding.deleteTensor(id),
  };
  const fixed = new Map(
    graph.parameters.map(({ name, node }) => [singleOps.indexOfNode(node), runtime.upload(parameters[name]!)]),
  );
  for (const { index, node } of singleOps.constants) {
    const { dtype, tensorShape, tensorContent } = node.attr.value!.tensor!;
    const shape = tensorShape.dim.map(({ size }) => size);
    fixed.set(index, constantOf(binding, dtype, shape, tensorContent));
  }
  return timeOneByOne(runtime, graph, singleOps, fixed, inputs);
}

function attributesOf(binding: TensorflowAddon, { attr }: TensorflowNode): OpAttribute[] {
  return Object.entries(attr).map(([name, { type, b, i }]) => {
    if (type !== undefined) return { name, type: binding.TF_ATTR_TYPE, value: codeOf(binding, type) };
    if (b !== undefined) return { name, type: binding.TF_ATTR_BOOL, value: b };
    return { name, type: binding.TF_ATTR_INT, value: i! };
  });
}

const dtypes = { DT_FLOAT: 'float32', DT_INT32: 'int32', DT_BOOL: 'bool' } as const;

/** The number of bfloat16 in TensorFlow's types.proto. tfjs-node creates no tensor of it, so one is cast. */
const bfloat16 = 14;

const codeOf = (binding: TensorflowAddon, type: string): number =>
  type === 'DT_BFLOAT16' ? bfloat16 : typeCode(binding, dtypes[type as keyof typeof dtypes]);

function constantOf(binding: TensorflowAddon, type: string, shape: readonly number[], content: Uint8Array): number {
  if (type !== 'DT_BFLOAT16') return binding.createTensor(shape, codeOf(binding, type), numbersOf(type, content));
  // A bfloat16 is the upper half of a float32.
  const halves = new Uint16Array(Uint8Array.from(content).buffer);
  const widened = new Float32Array(Uint32Array.from(halves, (half) => half * 65_536).buffer);
  const widenedId = binding.createTensor(shape, binding.TF_FLOAT, widened);
  const typed = (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_TYPE, value });
  const attributes = [typed('SrcT', binding.TF_FLOAT), typed('DstT', bfloat16)];
  const [cast] = binding.executeOp('Cast', attributes, [widenedId], 1);
  binding.deleteTensor(widenedId);
  return cast!.id;
}

/** Returns the numbers of a constant, which is written as bytes. */
function numbersOf(type: string, content: Uint8Array): Float32Array | Int32Array | Uint8Array {
  const bytes = Uint8Array.from(content);
  if (type === 'DT_FLOAT') return new Float32Array(bytes.buffer);
  return type === 'DT_INT32' ? new Int32Array(bytes.buffer) : bytes;
}

/** Returns the session's name of the first output of a node. */
const firstOutput = (node: string): string => `${node}:0`;

/**
 * Returns a copy that TensorFlow copies again. TensorFlow shares the memory of an array that begins at a multiple of 64 bytes, and a variable would keep it;
 * but JavaScript's memory may be released only in JavaScript's thread.
 */
function unaligned(data: Tensor['data']): Tensor['data'] {
  const Constructor = data.constructor as Float32ArrayConstructor;
  const shiftedBuffer = new ArrayBuffer(data.byteLength + data.BYTES_PER_ELEMENT);
  const copy = new Constructor(shiftedBuffer, data.BYTES_PER_ELEMENT, data.length);
  copy.set(data);
  return copy;
}

class TensorflowProgram implements Program {
  private readonly inputNames: string;
  private readonly outputNames: string;
  private readonly inputs: readonly { name: string; node: number; type: number }[];
  private readonly dtypes: ReadonlyMap<number, HostDtype>;

  constructor(
    private readonly binding: TensorflowAddon,
    private readonly session: number,
    private readonly graph: Graph,
    private readonly names: TrainingNames,
  ) {
    this.inputs = graph.inputs.map((input) => ({
      ...input,
      type: typeCode(binding, hostDtype(graph.nodes[input.node]!.type.dtype)),
    }));
    this.dtypes = new Map((['float32', 'int32', 'bool'] as const).map((dtype) => [typeCode(binding, dtype), dtype]));
    this.inputNames = graph.inputs.map(({ name }) => firstOutput(names.inputs[name]!)).join();
    const outputNames = graph.outputs.map(({ name }) => firstOutput(names.outputs[name]!));
    this.outputNames = [...outputNames, ...(names.updated ? [firstOutput(names.updated)] : [])].join();
  }

  async run(inputs: Tensors): Promise<Tensors> {
    const symbols: SymbolLengths = {};
    const tensors = this.inputs.map((input) => checkTensor(this.graph, input, inputs[input.name], symbols));
    const ids = tensors.map(({ shape, data }, index) =>
      this.binding.createTensor(shape, this.inputs[index]!.type, data),
    );
    try {
      const fetchedTensors = this.fetch(ids, this.inputNames, this.outputNames);
      return Object.fromEntries(this.graph.outputs.map(({ name }, index) => [name, fetchedTensors[index]!]));
    } finally {
      for (const id of ids) this.binding.deleteTensor(id);
    }
  }

  async read(): Promise<Tensors> {
    const names = this.graph.parameters.map(({ name }) => name);
    if (names.length === 0) return {};
    const values = this.fetch([], '', names.map((name) => firstOutput(this.names.read[name]!)).join());
    return Object.fromEntries(names.map((name, index) => [name, values[index]!]));
  }

  async write(parameters: Tensors): Promise<void> {
    const writtenValues = checkNamedParameters(this.graph, parameters);
    if (writtenValues.length === 0) return;
    const ids = writtenValues.map(({ tensor: { shape, data, dtype } }) =>
      this.binding.createTensor(shape, typeCode(this.binding, dtype), unaligned(data)),
    );
    try {
      const feedNames = writtenValues.map(({ name }) => firstOutput(this.names.write[name]!)).join();
      this.fetch(ids, feedNames, writtenValues.map(({ name }) => firstOutput(this.names.writtenNames[name]!)).join());
    } finally {
      for (const id of ids) this.binding.deleteTensor(id);
    }
  }

  async close(): Promise<void> {
    this.binding.deleteSavedModel(this.session);
  }

  /** Feeds, runs, and takes the results out of the runtime; the last fetch may only run updates. */
  private fetch(ids: readonly number[], feeds: string, fetches: string): Tensor[] {
    const fetchedResults = this.binding.runSavedModel(this.session, ids, feeds, fetches);
    return fetchedResults.map(({ id, shape, dtype }) => {
      const data = this.binding.tensorDataSync(id);
      this.binding.deleteTensor(id);
      return { dtype: this.dtypes.get(dtype)!, shape, data };
    });
  }
}

/** Loads a session from files, which are needed no longer than that. */
function loadSession(binding: TensorflowAddon, bytes: Uint8Array): number {
  const folder = makeTemporaryFolder('graph');
  const modelPath = join(folder, 'saved_model.pb');
  try {
    writeFileSync(modelPath, bytes);
    return binding.loadSavedModel(folder, 'serve');
  } catch (error) {
    const reason = describeSystemError(error);
    if (reason !== undefined) throw failure('cannot-write', { path: modelPath, reason });
    // An error of TensorFlow is a text without a code, and it takes a file that it cannot read for an empty model.
    const unread = /; Input\/output error/.test(String(error)) ? 'the disk reports an error' : unreadReason(modelPath);
    throw unread === undefined ? error : failure('cannot-read', { path: modelPath, reason: unread });
  } finally {
    removeTemporaryFolder(folder);
  }
}

/** Returns the reason why the file cannot be read; undefined if it can. */
function unreadReason(path: string): string | undefined {
  try {
    readFileSync(path);
    return undefined;
  } catch (error) {
    return describeSystemError(error);
  }
}

/** Throws, with everything that was tried, if the native library does not load. @param mayFuse false to compute all by TensorFlow's own ops */
export function tensorflowEngine(mayFuse = true): Engine {
  const { binding, folder, tfjsNodeVersion } = loadBinding();
  const fused: FusedOps = mayFuse ? fusedOps(binding, folder) : { used: false };
  return {
    name: 'tensorflow',
    // The op rounds at other places: a run's record names it.
    version: `TensorFlow ${binding.TF_Version} (${[`tfjs-node ${tfjsNodeVersion}`, ...(fused.note ? [fused.note] : [])].join(', ')})`,
    evenRows: 8,
    multipliesBfloat16: true,
    async prepare(graph, parameters) {
      checkParameters(graph, parameters);
      const { bytes, names } = trainingSavedModel(graph, fused.used);
      const program = new TensorflowProgram(binding, loadSession(binding, bytes), graph, names);
      await program.write(parameters);
      return program;
    },
    timeOps: async (...request) => timeTensorflowOps(binding, ...request),
  };
}
