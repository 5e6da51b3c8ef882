/**
 * A graph as TensorFlow.js's graph model: `model.json` with the nodes, and the weights next to it. `tf.loadGraphModel` runs
 * it without this library; its inputs and outputs have the graph's own names.
 */
import type { Dtype, Graph, Node, TensorType } from '../../graph/graph.ts';
import type { Tensors } from '../engine.ts';
import { marked, type Owners } from './emitted.ts';
import {
  dataType,
  type TensorflowLowering,
  type TensorflowNode,
  type TensorflowShape,
  type TensorflowTable,
  TensorflowWriter,
  tensorflowShape,
} from './tensorflow_writer.ts';
import { tfjsTable } from './tfjs_table.ts';
import { withoutBfloat16 } from './without_bfloat16.ts';

interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
}

interface SignatureEntry {
  readonly name: string;
  readonly dtype: string;
  readonly tensorShape: TensorflowShape;
}

/** What tf.loadGraphModel takes from an IO handler. */
export interface TfjsArtifacts {
  readonly modelTopology: { readonly node: readonly TensorflowNode[]; readonly versions: object };
  readonly weightSpecs: WeightEntry[];
  readonly weightData: ArrayBuffer;
  readonly signature: {
    readonly inputs: Readonly<Record<string, SignatureEntry>>;
    readonly outputs: Readonly<Record<string, SignatureEntry>>;
  };
  readonly userDefinedMetadata: { readonly structuredOutputKeys: readonly string[] };
}

const shardSize = 4 * 1024 * 1024;

const dtypes: Readonly<Record<string, Dtype>> = { DT_FLOAT: 'float32', DT_INT32: 'int32', DT_BOOL: 'bool' };

/** Names in a training model. */
export const parameterInput = (name: string): string => `parameter:${name}`;
export const updatedOutput = (name: string): string => `updated:${name}`;

function artifacts(
  writer: TensorflowWriter,
  inputs: Readonly<Record<string, SignatureEntry>>,
  outputs: Readonly<Record<string, SignatureEntry>>,
): TfjsArtifacts {
  const weightSpecs: WeightEntry[] = [];
  const parts: Uint8Array[] = [];
  const nodes = writer.nodes.map((node) => {
    const tensor = node.attr.value?.tensor;
    if (!tensor) return node;
    // The loader fills constants from the weights, by the node's name.
    const shape = tensor.tensorShape.dim.map(({ size }) => size);
    weightSpecs.push({ name: node.name, shape, dtype: dtypes[tensor.dtype]! });
    parts.push(tensor.tensorContent);
    const { dtype } = node.attr;
    return { ...node, attr: { dtype: dtype!, shape: { shape: tensor.tensorShape } } };
  });
  const bytes = Buffer.concat(parts);
  return {
    modelTopology: { node: nodes, versions: { producer: 1087, minConsumer: 12 } },
    weightSpecs,
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
    signature: { inputs, outputs },
    userDefinedMetadata: { structuredOutputKeys: Object.keys(outputs) },
  };
}

const entry = (node: string, type: TensorType): SignatureEntry => ({
  name: `${node}:0`,
  dtype: dataType(type.dtype),
  tensorShape: tensorflowShape(type.shape),
});

interface Named {
  readonly name: string;
  readonly node: number;
}

const entries = (writer: TensorflowWriter, named: readonly Named[]): Record<string, SignatureEntry> =>
  Object.fromEntries(named.map(({ name, node }) => [name, entry(writer.valueOf(node), writer.typeOf(node))]));

/** Outputs as nodes of their own: two outputs may be one value, and one may be an input. */
const outputEntries = (writer: TensorflowWriter, named: readonly Named[]): Record<string, SignatureEntry> =>
  Object.fromEntries(
    named.map(({ name, node }) => {
      const type = writer.typeOf(node);
      const attributes = { T: { type: dataType(type.dtype) } };
      return [name, entry(writer.emit('Identity', [writer.valueOf(node)], attributes, name), type)];
    }),
  );

/** Parameters go in as `parameter:<name>`, updated ones come out as `updated:<name>`. */
export const trainingTfjs = (graph: Graph): TfjsArtifacts => stepTfjs(graph).artifacts;

/** The same, and its nodes, each with the graph's node that it computes. */
export function stepTfjs(whole: Graph): {
  readonly artifacts: TfjsArtifacts;
  readonly writer: TensorflowWriter;
  readonly owners: Owners;
} {
  const { graph, rounded } = withoutBfloat16(whole);
  const plain = tfjsTable((node, _, writer) => writer.placeholder(node.attributes.name as string, node.type));
  const rounding = rounded.size === 0 ? plain : roundingTable(plain, rounded);
  const { table, owners } = marked(graph, rounding, (_node, _operands, { nodes }) => nodes.length);
  const writer = new TensorflowWriter(graph, table);
  const parameters = graph.parameters.map(({ name, node }) => ({ name: parameterInput(name), node }));
  const updates = graph.updates.map(({ parameter, node }) => ({ name: updatedOutput(parameter), node }));
  const inputs = entries(writer, [...graph.inputs, ...parameters]);
  return {
    artifacts: artifacts(writer, inputs, outputEntries(writer, [...graph.outputs, ...updates])),
    writer,
    owners,
  };
}

/** An op of ours, which the engine adds to TensorFlow.js: float32 numbers, each rounded to bfloat16. */
export const roundOp = 'TowerRoundToBfloat16';

function roundingTable(table: TensorflowTable, rounded: ReadonlySet<Node>): TensorflowTable {
  const each = Object.entries(table).map(([name, lowering]): [string, TensorflowLowering] => [
    name,
    (node, operands, writer) => {
      const exact = lowering(node, operands, writer);
      return rounded.has(node) ? writer.emit(roundOp, [exact]) : exact;
    },
  ]);
  return Object.fromEntries(each) as TensorflowTable;
}

/** The files of an exported model. Updates are left out. */
export function servingTfjs(graph: Graph, parameters: Tensors): Readonly<Record<string, Uint8Array>> {
  const table = tfjsTable((node, _, writer) => {
    const name = node.attributes.name as string;
    const { data, shape, dtype } = parameters[name]!;
    return writer.weights(name, data, shape, dtype);
  });
  const writer = new TensorflowWriter(graph, table);
  return tfjsFiles(artifacts(writer, entries(writer, graph.inputs), outputEntries(writer, graph.outputs)));
}

/** A model as files, by name: `model.json` and its weights in shards. */
export function tfjsFiles(model: TfjsArtifacts): Readonly<Record<string, Uint8Array>> {
  const count = Math.max(1, Math.ceil(model.weightData.byteLength / shardSize));
  const shards = Array.from({ length: count }, (_, index) => ({
    path: `group1-shard${index + 1}of${count}.bin`,
    bytes: new Uint8Array(model.weightData.slice(index * shardSize, (index + 1) * shardSize)),
  }));
  const json = {
    format: 'graph-model',
    generatedBy: 'tower',
    convertedBy: null,
    signature: model.signature,
    userDefinedMetadata: model.userDefinedMetadata,
    modelTopology: model.modelTopology,
    weightsManifest: [{ paths: shards.map(({ path }) => path), weights: model.weightSpecs }],
  };
  return {
    'model.json': Buffer.from(`${JSON.stringify(json)}\n`),
    ...Object.fromEntries(shards.map(({ path, bytes }) => [path, bytes])),
  };
}
