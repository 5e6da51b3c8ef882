/**
 * Writes a graph as TensorFlow's SavedModel. A training model keeps its weights as resource variables of the session, and `TrainingNames` has the tensors to
 * run a step, to write the variables and to read them; an exported model has its weights as constants and one signature, `serving_default`, that TensorFlow
 * Serving, Python and tf.node.loadSavedModel load.
 */
import { makeMessageCodec } from '../../base/storage/protobuf.ts';
import type { Graph, GraphOutput } from '../../graph/graph.ts';
import type { Tensors } from '../engine.ts';
import { type Owners, recordOwners } from './emitted.ts';
import { withSoftmaxLoss } from './softmax_loss.ts';
import { tensorflowTable } from './tensorflow_table.ts';
import {
  dataType,
  type TensorflowAttribute,
  type TensorflowLowering,
  type TensorflowTable,
  TensorflowWriter,
  tensorflowShape,
} from './tensorflow_writer.ts';

/**
 * The part of TensorFlow's protocol buffers that a graph needs, with TensorFlow's own field numbers
 * (tensorflow/core/protobuf/saved_model.proto, meta_graph.proto; tensorflow/core/framework/*.proto).
 */
const tensorflowSchema = `
syntax = "proto3";

message SavedModel {
  int64 saved_model_schema_version = 1;
  repeated MetaGraphDef meta_graphs = 2;
}
message MetaGraphDef {
  message MetaInfoDef {
    repeated string tags = 4;
    string tensorflow_version = 5;
  }
  MetaInfoDef meta_info_def = 1;
  GraphDef graph_def = 2;
  map<string, SignatureDef> signature_def = 5;
}
message GraphDef {
  repeated NodeDef node = 1;
  VersionDef versions = 4;
}
message VersionDef {
  int32 producer = 1;
  int32 min_consumer = 2;
}
message NodeDef {
  string name = 1;
  string op = 2;
  repeated string input = 3;
  map<string, AttrValue> attr = 5;
}
message AttrValue {
  oneof value {
    bytes s = 2;
    int64 i = 3;
    float f = 4;
    bool b = 5;
    DataType type = 6;
    TensorShapeProto shape = 7;
    TensorProto tensor = 8;
  }
}
message TensorProto {
  DataType dtype = 1;
  TensorShapeProto tensor_shape = 2;
  bytes tensor_content = 4;
}
message TensorShapeProto {
  message Dim {
    int64 size = 1;
  }
  repeated Dim dim = 2;
}
message SignatureDef {
  map<string, TensorInfo> inputs = 1;
  map<string, TensorInfo> outputs = 2;
  string method_name = 3;
}
message TensorInfo {
  string name = 1;
  DataType dtype = 2;
  TensorShapeProto tensor_shape = 3;
}
enum DataType {
  DT_INVALID = 0;
  DT_FLOAT = 1;
  DT_INT32 = 3;
  DT_BOOL = 10;
  DT_BFLOAT16 = 14;
  DT_RESOURCE = 20;
}
`;

/**
 * TensorScatterUpdate always copies the matrix that it changes: at batch 4096 that is 64 MB per step. If nothing else reads the matrix, InplaceUpdate writes to
 * it, which takes no longer than writing the elements.
 */
const scatterInPlace =
  (copying: TensorflowLowering): TensorflowLowering =>
  (node, operands, writer) => {
    const [matrix, indices, updates] = operands as [string, string, string];
    const { dtype, shape } = node.type;
    if (shape.length !== 2 || dtype !== 'float32' || !isTemporary(writer.graph, node.inputs[0]!)) {
      return copying(node, operands, writer);
    }
    const float = { type: 'DT_FLOAT' };
    const int = { type: 'DT_INT32' };
    const columnShape = writer.vector([-1, 1]);
    // Row-major: element (i, j) is row i · columns + j of the matrix as a column.
    const strides = [writer.shape([shape[1]!]), writer.vector([1]), writer.constant([0], [], 'int32')];
    const columnStrides = writer.emit('ConcatV2', strides, { T: int, N: { i: 2 }, Tidx: int });
    const flatTerms = writer.emit('Mul', [indices, columnStrides], { T: int });
    const flatAt = writer.emit('Sum', [flatTerms, writer.vector([1])], { T: int, Tidx: int, keep_dims: { b: false } });
    const flatMatrix = writer.emit('Reshape', [matrix, columnShape], { T: float, Tshape: int });
    const flatUpdates = writer.emit('Reshape', [updates, columnShape], { T: float, Tshape: int });
    const writtenMatrix = writer.emit('InplaceUpdate', [flatMatrix, flatAt, flatUpdates], { T: float });
    return writer.emit('Reshape', [writtenMatrix, writer.shape(shape)], { T: float, Tshape: int });
  };

function tableInPlace(parameter: TensorflowLowering): TensorflowTable {
  const table = tensorflowTable(parameter);
  return { ...table, ScatterUpdate: scatterInPlace(table.ScatterUpdate) };
}

/** True if a value is computed, and read only once. */
function isTemporary(graph: Graph, id: number): boolean {
  const readers = graph.nodes.reduce((count, { inputs }) => count + inputs.filter((input) => input === id).length, 0);
  const isKept = [...graph.outputs, ...graph.updates].some(({ node }) => node === id);
  const { op } = graph.nodes[id]!;
  // A reshape would be a second name for memory that something else may read.
  const isComputed = ['Exp', 'MatMul', 'Add', 'Sub', 'Mul', 'ScatterUpdate'].includes(op);
  return isComputed && readers === 1 && !isKept;
}

const savedModelMessage = makeMessageCodec(tensorflowSchema, 'SavedModel');

/** Names of the session's tensors, by names of the graph. */
export interface TrainingNames {
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  /** Fetched to run the graph's updates; absent if there are none. */
  readonly updated?: string;
  /** The tensor from which a parameter is read after the updates of earlier runs. */
  readonly read: Readonly<Record<string, string>>;
  /** The tensor to which a parameter's new value is fed; `writtenNames` is fetched to have it assigned. */
  readonly write: Readonly<Record<string, string>>;
  readonly writtenNames: Readonly<Record<string, string>>;
}

function encode(writer: TensorflowWriter, signatureDef: Readonly<Record<string, object>>): Uint8Array {
  const metaInfoDef = { tags: ['serve'], tensorflowVersion: '2.9.1' };
  // The producer of TensorFlow 2.9, the oldest library that is part of tfjs-node.
  const graphDef = { node: writer.nodes, versions: { producer: 1087, minConsumer: 12 } };
  return savedModelMessage.encode({
    savedModelSchemaVersion: 1,
    metaGraphs: [{ metaInfoDef, graphDef, signatureDef }],
  });
}

/** True if a value is in the memory of an input, which a variable must not keep. */
function sharesInput(graph: Graph, id: number): boolean {
  const { op, inputs } = graph.nodes[id]!;
  return op === 'Input' || ((op === 'Reshape' || op === 'StopGradient') && sharesInput(graph, inputs[0]!));
}

/** Returns `saved_model.pb` of a graph whose parameters are variables of the session, which must be written before the first run. */
export function trainingSavedModel(graph: Graph, fused = false): { bytes: Uint8Array; names: TrainingNames } {
  const handles = new Map<string, string>();
  const read: Record<string, string> = {};
  const table = tableInPlace((node, _, tableWriter) => {
    const name = node.attributes.name as string;
    const dtype = { type: dataType(node.type.dtype) };
    const shape = { shape: tensorflowShape(node.type.shape) };
    const handle = tableWriter.emit('VarHandleOp', [], { dtype, shape, shared_name: { s: Buffer.from(name) } }, name);
    handles.set(name, handle);
    read[name] = tableWriter.emit('ReadVariableOp', [handle], { dtype }, `${name}/read`);
    return read[name];
  });
  const writer = new TensorflowWriter(graph, fused ? withSoftmaxLoss(graph, table) : table);
  const assign = (parameter: string, value: string, dtype: TensorflowAttribute, after: readonly string[]): string => {
    const handle = handles.get(parameter);
    if (!handle) throw new Error(`invariant: parameter ${parameter} is not a node of graph ${graph.name}`);
    return writer.emit('AssignVariableOp', [handle, value, ...waitingFor(after)], { dtype }, `${parameter}/assign`);
  };
  // Each assignment waits until all parameters have been read, so that none sees the value of another's update.
  const everyRead = Object.values(read);
  const updates = graph.updates.map(({ parameter, node }) => {
    const dtype = { type: dataType(writer.typeOf(node).dtype) };
    const value = writer.valueOf(node);
    const ownValue = sharesInput(graph, node) ? writer.emit('DeepCopy', [value], { T: dtype }) : value;
    return assign(parameter, ownValue, dtype, everyRead);
  });
  const updated = updates.length > 0 ? writeFlag(writer, 'updated', updates) : undefined;
  const write: Record<string, string> = {};
  const writtenNames: Record<string, string> = {};
  for (const { name, node } of graph.parameters) {
    const type = writer.typeOf(node);
    write[name] = writer.placeholder(`${name}/new`, type);
    const assignment = assign(name, write[name], { type: dataType(type.dtype) }, []);
    writtenNames[name] = writeFlag(writer, `${name}/written`, [assignment]);
  }
  const inputs = Object.fromEntries(graph.inputs.map(({ name, node }) => [name, writer.valueOf(node)]));
  const outputs = Object.fromEntries(graph.outputs.map((output) => [output.name, fetchable(graph, writer, output)]));
  return { bytes: encode(writer, {}), names: { inputs, outputs, read, write, writtenNames, updated } };
}

/**
 * Returns the nodes that compute the results of a training step, each once, for a run op by op: parameters are placeholders. `owners` has the graph's node of each.
 */
export function stepNodes(graph: Graph): { readonly writer: TensorflowWriter; readonly owners: Owners } {
  const plainTable = tableInPlace((node, _, writer) =>
    writer.placeholder(`parameter/${node.attributes.name}`, node.type),
  );
  const { table, owners } = recordOwners(graph, plainTable, (_node, _operands, writer) => writer.nodes.length);
  return { writer: new TensorflowWriter(graph, table), owners };
}

/** Returns `saved_model.pb` of these nodes. */
export const stepModel = (writer: TensorflowWriter): Uint8Array => encode(writer, {});

const waitingFor = (nodes: readonly string[]): string[] => nodes.map((name) => `^${name}`);

/** Writes a tensor that exists once `after` are done. It can be fetched, while an assignment has no output. */
function writeFlag(writer: TensorflowWriter, name: string, after: readonly string[]): string {
  const tensor = { dtype: 'DT_BOOL', tensorShape: { dim: [] }, tensorContent: Uint8Array.of(1) };
  return writer.emit('Const', waitingFor(after), { dtype: { type: 'DT_BOOL' }, value: { tensor } }, name);
}

/** Returns an output under a name that a session can fetch, because it refuses to fetch a tensor that it is fed. */
function fetchable(graph: Graph, writer: TensorflowWriter, { name, node }: GraphOutput): string {
  const value = writer.valueOf(node);
  if (graph.nodes[node]!.op !== 'Input') return value;
  return writer.emit('Identity', [value], { T: { type: dataType(writer.typeOf(node).dtype) } }, name);
}

/**
 * Returns the files of a SavedModel, by their path in its folder, with the weights inside, so that there is nothing to restore. Signature `serving_default` has
 * the graph's own names for inputs and outputs. Updates are left out.
 */
export function servingSavedModel(graph: Graph, parameters: Tensors): Readonly<Record<string, Uint8Array>> {
  const table = tensorflowTable((node, _, tableWriter) => tableWriter.weightsOf(node, parameters));
  const writer = new TensorflowWriter(graph, table);
  const inputs = writer.inputEntries(graph.inputs);
  const outputs = writer.outputEntries(graph.outputs);
  const signature = { inputs, outputs, methodName: 'tensorflow/serving/predict' };
  return { 'saved_model.pb': encode(writer, { serving_default: signature }) };
}
