/**
 * Writes a graph as an ONNX model. In a training model every parameter is an input and its new value is an output, so that the caller holds the state; in an
 * exported model the weights are initializers.
 */
import { makeMessageCodec } from '../../base/storage/protobuf.ts';
import type { Graph, Node } from '../../graph/graph.ts';
import type { Tensors } from '../engine.ts';
import { mapTable, type NamedNode, namedParameters, namedUpdates, recordOwners, withoutBfloat16 } from './emitted.ts';
import { onnxTable, operatorSet } from './onnx_table.ts';
import { type OnnxLowering, type OnnxTable, OnnxWriter, onnxType, valueInfo } from './onnx_writer.ts';

/** The part of ONNX's protocol buffers that a graph needs, with its own field numbers (onnx/onnx.proto, IR version 8). */
const onnxSchema = `
syntax = "proto3";

message ModelProto {
  int64 ir_version = 1;
  string producer_name = 2;
  string producer_version = 3;
  GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8;
}
message OperatorSetIdProto {
  string domain = 1;
  int64 version = 2;
}
message GraphProto {
  repeated NodeProto node = 1;
  string name = 2;
  repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11;
  repeated ValueInfoProto output = 12;
}
message NodeProto {
  repeated string input = 1;
  repeated string output = 2;
  string name = 3;
  string op_type = 4;
  repeated AttributeProto attribute = 5;
  string domain = 7;
}
message AttributeProto {
  string name = 1;
  float f = 2;
  int64 i = 3;
  bytes s = 4;
  repeated int64 ints = 8;
  AttributeType type = 20;
}
enum AttributeType {
  UNDEFINED_ATTRIBUTE = 0;
  FLOAT_ATTRIBUTE = 1;
  INT = 2;
  STRING = 3;
  INTS = 7;
}
message TensorProto {
  repeated int64 dims = 1;
  int32 data_type = 2;
  string name = 8;
  bytes raw_data = 9;
}
message ValueInfoProto {
  string name = 1;
  TypeProto type = 2;
}
message TypeProto {
  message Tensor {
    int32 elem_type = 1;
    TensorShapeProto shape = 2;
  }
  Tensor tensor_type = 1;
}
message TensorShapeProto {
  message Dimension {
    oneof value {
      int64 dim_value = 1;
      string dim_param = 2;
    }
  }
  repeated Dimension dim = 1;
}
`;

const modelMessage = makeMessageCodec(onnxSchema, 'ModelProto');

/** Returns names for values that are outputs. Further outputs of the same value become copies, and so do outputs that are leaves. */
function nameOutputs(graph: Graph, outputs: readonly NamedNode[]): ReadonlyMap<number, string> {
  const outputNames = new Map<number, string>();
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  for (const { name, node } of outputs) {
    if (inputs.has(name)) throw new Error(`invariant: graph ${graph.name} has an input and an output called ${name}`);
    const isLeafNode = ['Input', 'Parameter', 'Constant'].includes(graph.nodes[node]!.op);
    if (!isLeafNode && !outputNames.has(node)) outputNames.set(node, name);
  }
  return outputNames;
}

function encode(writer: OnnxWriter, inputs: readonly NamedNode[], outputs: readonly NamedNode[]): Uint8Array {
  for (const { name, node } of outputs) {
    if (writer.valueOf(node) !== name) writer.emit('Identity', [writer.valueOf(node)], {}, name);
  }
  const describe = ({ name, node }: NamedNode): object => valueInfo(name, writer.typeOf(node));
  return modelMessage.encode({
    irVersion: 8,
    producerName: 'tower',
    opsetImport: [{ domain: '', version: operatorSet }],
    graph: {
      name: writer.graph.name,
      node: writer.nodes,
      initializer: writer.initializers,
      input: inputs.map(describe),
      output: outputs.map(describe),
    },
  });
}

/** Returns a model with parameters as inputs `parameter:<name>`, and updated ones as outputs `updated:<name>`. */
export const trainingOnnx = (graph: Graph): Uint8Array => stepOnnx(graph).bytes;

/** Returns the same model, and the graph's node of each of its nodes, by name. */
export function stepOnnx(exactGraph: Graph): {
  readonly bytes: Uint8Array;
  readonly graphNodeOf: ReadonlyMap<string, number>;
} {
  const { graph, rounded } = withoutBfloat16(exactGraph);
  const outputs = [...graph.outputs, ...namedUpdates(graph)];
  const parameters = namedParameters(graph);
  const names = new Map([...nameOutputs(graph, outputs), ...parameters.map(({ name, node }) => [node, name] as const)]);
  const plainTable = onnxTable(() => undefined);
  const roundingRows = rounded.size === 0 ? plainTable : roundingTable(plainTable, rounded);
  const { table, owners } = recordOwners(graph, roundingRows, (_node, _operands, { nodes }, _result) => nodes.length);
  const writer = new OnnxWriter(graph, table, names);
  const bytes = encode(writer, [...graph.inputs, ...parameters], outputs);
  const graphNodeOf = new Map<string, number>();
  writer.nodes.forEach(({ name }, index) => {
    const owner = owners[index];
    if (owner !== undefined) graphNodeOf.set(name, owner);
  });
  return { bytes, graphNodeOf };
}

/** Rounds by casts: on a processor, ONNX Runtime casts to bfloat16 and back, but has no bfloat16 products. */
function roundingTable(table: OnnxTable, rounded: ReadonlySet<Node>): OnnxTable {
  return mapTable<OnnxLowering, OnnxTable>(table, (lowering, op) => (node, operands, writer, result) => {
    if (!rounded.has(node)) return lowering(node, operands, writer, result);
    const exactValue = writer.uniqueName(op);
    lowering(node, operands, writer, exactValue);
    const halfValue = writer.emit('Cast', [exactValue], { to: onnxType('bfloat16') });
    writer.emit('Cast', [halfValue], { to: onnxType('float32') }, result);
  });
}

/** Returns the bytes of an `.onnx` file with the graph's own names for inputs and outputs, and without updates. */
export function servingOnnx(graph: Graph, parameters: Tensors): Uint8Array {
  const table = onnxTable((node, _, writer, result) => {
    const { dtype, shape, data } = parameters[node.attributes.name as string]!;
    writer.initializer(result, dtype, shape, data);
  });
  const weightNames = graph.parameters.map(({ name, node }) => [node, name] as const);
  const writer = new OnnxWriter(graph, table, new Map([...nameOutputs(graph, graph.outputs), ...weightNames]));
  return encode(writer, graph.inputs, graph.outputs);
}
