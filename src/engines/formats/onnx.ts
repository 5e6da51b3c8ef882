/**
 * A graph as an ONNX model. In a training graph every parameter is an input and its new value an output, so that the
 * caller holds the state; in an exported one the weights are initializers.
 */
import { message } from '../../base/storage/protobuf.ts';
import type { Graph, Node } from '../../graph/graph.ts';
import type { Tensors } from '../engine.ts';
import { marked } from './emitted.ts';
import { onnxSchema } from './onnx_schema.ts';
import { onnxTable, operatorSet } from './onnx_table.ts';
import { type OnnxLowering, type OnnxTable, OnnxWriter, onnxType, valueInfo } from './onnx_writer.ts';
import { withoutBfloat16 } from './without_bfloat16.ts';

const modelMessage = message(onnxSchema, 'ModelProto');

/** Names in a training model. */
export const parameterInput = (name: string): string => `parameter:${name}`;
export const updatedOutput = (name: string): string => `updated:${name}`;

interface Named {
  readonly name: string;
  readonly node: number;
}

/** Names values after the outputs they are; the rest of the outputs become copies. Leaves keep names of their own. */
function nameOutputs(graph: Graph, outputs: readonly Named[]): ReadonlyMap<number, string> {
  const named = new Map<number, string>();
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  for (const { name, node } of outputs) {
    if (inputs.has(name)) throw new Error(`invariant: graph ${graph.name} has an input and an output called ${name}`);
    const leaf = ['Input', 'Parameter', 'Constant'].includes(graph.nodes[node]!.op);
    if (!leaf && !named.has(node)) named.set(node, name);
  }
  return named;
}

function encode(writer: OnnxWriter, inputs: readonly Named[], outputs: readonly Named[]): Uint8Array {
  for (const { name, node } of outputs) {
    if (writer.valueOf(node) !== name) writer.emit('Identity', [writer.valueOf(node)], {}, name);
  }
  const describe = ({ name, node }: Named): object => valueInfo(name, writer.typeOf(node));
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

/** Parameters go in as `parameter:<name>`, updated ones come out as `updated:<name>`. */
export const trainingOnnx = (graph: Graph): Uint8Array => stepOnnx(graph).bytes;

/** The same model, and the graph's node of each of its nodes, by name. */
export function stepOnnx(whole: Graph): { readonly bytes: Uint8Array; readonly nodeOf: ReadonlyMap<string, number> } {
  const { graph, rounded } = withoutBfloat16(whole);
  const updates = graph.updates.map(({ parameter, node }) => ({ name: updatedOutput(parameter), node }));
  const outputs = [...graph.outputs, ...updates];
  const parameters = graph.parameters.map(({ name, node }) => ({ name: parameterInput(name), node }));
  const named = new Map([...nameOutputs(graph, outputs), ...parameters.map(({ name, node }) => [node, name] as const)]);
  const plain = onnxTable(() => undefined);
  const rounding = rounded.size === 0 ? plain : roundingTable(plain, rounded);
  const { table, owners } = marked(graph, rounding, (_node, _operands, { nodes }, _result) => nodes.length);
  const writer = new OnnxWriter(graph, table, named);
  const bytes = encode(writer, [...graph.inputs, ...parameters], outputs);
  const nodeOf = new Map<string, number>();
  writer.nodes.forEach(({ name }, at) => {
    const owner = owners[at];
    if (owner !== undefined) nodeOf.set(name, owner);
  });
  return { bytes, nodeOf };
}

/** ONNX Runtime casts to bfloat16 and back on a processor, and has no products of it there. */
function roundingTable(table: OnnxTable, rounded: ReadonlySet<Node>): OnnxTable {
  const each = Object.entries(table).map(([name, lowering]): [string, OnnxLowering] => [
    name,
    (node, operands, writer, result) => {
      if (!rounded.has(node)) return lowering(node, operands, writer, result);
      const exact = writer.fresh(name);
      lowering(node, operands, writer, exact);
      const half = writer.emit('Cast', [exact], { to: onnxType('bfloat16') });
      writer.emit('Cast', [half], { to: onnxType('float32') }, result);
    },
  ]);
  return Object.fromEntries(each) as OnnxTable;
}

/** Bytes of an `.onnx` file with the graph's own names for inputs and outputs. Updates are left out. */
export function servingOnnx(graph: Graph, parameters: Tensors): Uint8Array {
  const table = onnxTable((node, _, writer, result) => {
    const { dtype, shape, data } = parameters[node.attributes.name as string]!;
    writer.initializer(result, dtype, shape, data);
  });
  const weights = graph.parameters.map(({ name, node }) => [node, name] as const);
  const writer = new OnnxWriter(graph, table, new Map([...nameOutputs(graph, graph.outputs), ...weights]));
  return encode(writer, graph.inputs, graph.outputs);
}
