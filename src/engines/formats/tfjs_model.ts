/**
 * Writes a graph as TensorFlow.js's graph model: `model.json` with the nodes, and the weights next to it. `tf.loadGraphModel` runs it without this library; its
 * inputs and outputs have the graph's own names.
 */
import type { Dim, Dtype, Graph, Node, OpName } from '../../graph/graph.ts';
import type { Tensors } from '../engine.ts';
import { mapTable, namedParameters, namedUpdates, type Owners, recordOwners, withoutBfloat16 } from './emitted.ts';
import { segmentOperands, tensorflowTable } from './tensorflow_table.ts';
import {
  dataType,
  type SignatureEntries,
  type TensorflowLowering,
  type TensorflowNode,
  type TensorflowTable,
  TensorflowWriter,
} from './tensorflow_writer.ts';

interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
}

/** The format that tf.loadGraphModel takes from an IO handler. */
export interface TfjsArtifacts {
  readonly modelTopology: { readonly node: readonly TensorflowNode[]; readonly versions: object };
  readonly weightSpecs: WeightEntry[];
  readonly weightData: ArrayBuffer;
  readonly signature: { readonly inputs: SignatureEntries; readonly outputs: SignatureEntries };
  readonly userDefinedMetadata: { readonly structuredOutputKeys: readonly string[] };
}

const shardSize = 4 * 1024 * 1024;

const dtypes: Readonly<Record<string, Dtype>> = { DT_FLOAT: 'float32', DT_INT32: 'int32', DT_BOOL: 'bool' };

function makeArtifacts(writer: TensorflowWriter, inputs: SignatureEntries, outputs: SignatureEntries): TfjsArtifacts {
  const weightSpecs: WeightEntry[] = [];
  const weightBytes: Uint8Array[] = [];
  const nodes = writer.nodes.map((node) => {
    const tensor = node.attr.value?.tensor;
    if (!tensor) return node;
    // The loader fills constants from the weights, by the node's name.
    const shape = tensor.tensorShape.dim.map(({ size }) => size);
    weightSpecs.push({ name: node.name, shape, dtype: dtypes[tensor.dtype]! });
    weightBytes.push(tensor.tensorContent);
    const { dtype } = node.attr;
    return { ...node, attr: { dtype: dtype!, shape: { shape: tensor.tensorShape } } };
  });
  const allBytes = Buffer.concat(weightBytes);
  return {
    modelTopology: { node: nodes, versions: { producer: 1087, minConsumer: 12 } },
    weightSpecs,
    weightData: allBytes.buffer.slice(allBytes.byteOffset, allBytes.byteOffset + allBytes.byteLength) as ArrayBuffer,
    signature: { inputs, outputs },
    userDefinedMetadata: { structuredOutputKeys: Object.keys(outputs) },
  };
}

/** Returns a model with parameters as inputs `parameter:<name>`, and updated ones as outputs `updated:<name>`. */
export const trainingTfjs = (graph: Graph): TfjsArtifacts => stepTfjs(graph).artifacts;

/** Returns the same model and its nodes, each with the graph's node that it computes. */
export function stepTfjs(exactGraph: Graph): {
  readonly artifacts: TfjsArtifacts;
  readonly writer: TensorflowWriter;
  readonly owners: Owners;
} {
  const { graph, rounded } = withoutBfloat16(exactGraph);
  const plainTable = tfjsTable((node, _, writer) => writer.placeholder(node.attributes.name as string, node.type));
  const roundingRows = rounded.size === 0 ? plainTable : roundingTable(plainTable, rounded);
  const { table, owners } = recordOwners(graph, roundingRows, (_node, _operands, { nodes }) => nodes.length);
  const writer = new TensorflowWriter(graph, table);
  const inputs = writer.inputEntries([...graph.inputs, ...namedParameters(graph)]);
  const outputs = writer.outputEntries([...graph.outputs, ...namedUpdates(graph)]);
  return { artifacts: makeArtifacts(writer, inputs, outputs), writer, owners };
}

/** An op of our own, which the engine adds to TensorFlow.js: it rounds float32 numbers to bfloat16. */
export const roundOp = 'TowerRoundToBfloat16';

function roundingTable(table: TensorflowTable, rounded: ReadonlySet<Node>): TensorflowTable {
  return mapTable<TensorflowLowering, TensorflowTable>(table, (lowering) => (node, operands, writer) => {
    const exactValue = lowering(node, operands, writer);
    return rounded.has(node) ? writer.emit(roundOp, [exactValue]) : exactValue;
  });
}

/** Returns the files of an exported model, without updates. */
export function servingTfjs(graph: Graph, parameters: Tensors): Readonly<Record<string, Uint8Array>> {
  const table = tfjsTable((node, _, writer) => writer.weightsOf(node, parameters));
  const writer = new TensorflowWriter(graph, table);
  return tfjsFiles(makeArtifacts(writer, writer.inputEntries(graph.inputs), writer.outputEntries(graph.outputs)));
}

/** Returns the files of a model, by name: `model.json` and its weights in shards. */
export function tfjsFiles(model: TfjsArtifacts): Readonly<Record<string, Uint8Array>> {
  const shardCount = Math.max(1, Math.ceil(model.weightData.byteLength / shardSize));
  const shards = Array.from({ length: shardCount }, (_, index) => ({
    path: `group1-shard${index + 1}of${shardCount}.bin`,
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

/**
 * Writes a transpose. Ops are translated as for TensorFlow, except those that the WebAssembly backend of TensorFlow.js does slowly or not at all: a product
 * with a transpose flag runs in a loop at a twentieth of the speed, so the transpose is written out.
 */
const transposed = (value: string, perm: readonly number[], writer: TensorflowWriter): string =>
  writer.emit('Transpose', [value, writer.vector(perm)], { T: { type: 'DT_FLOAT' }, Tperm: { type: 'DT_INT32' } });

/** Ops whose result may be in the memory of their operand, in another shape. */
const viewOps: readonly OpName[] = ['Reshape', 'Transpose', 'Cast', 'BroadcastTo', 'StopGradient'];

/**
 * Returns the right operand of a product in memory of its own. The WebAssembly backend prepares a right operand once, caches it by the memory that holds it,
 * and uses the cache for the same numbers in every other shape: for a view it then reads the wrong ones. A transpose is a view if a length is 1.
 */
function copyIfView({ inputs, attributes }: Node, value: string, writer: TensorflowWriter): string {
  const rightNode = writer.graph.nodes[inputs[1]!]!;
  const { shape, dtype } = rightNode.type;
  const isMoved = attributes.transposeB && shape.every((length) => typeof length === 'number' && length > 1);
  if (isMoved || (!attributes.transposeB && !viewOps.includes(rightNode.op))) return value;
  const [from, to] = [shape.map(() => 0), shape.map(() => -1)].map((numbers) => writer.vector(numbers));
  return writer.emit('Slice', [value, from!, to!], { T: { type: dataType(dtype) }, Index: { type: 'DT_INT32' } });
}

const productWith =
  (op: string, flags: readonly [string, string], perm: readonly number[]): TensorflowLowering =>
  (node, [a, b], writer) => {
    const left = node.attributes.transposeA ? transposed(a!, perm, writer) : a!;
    const right = copyIfView(node, node.attributes.transposeB ? transposed(b!, perm, writer) : b!, writer);
    const [transposeA, transposeB] = flags;
    const attributes = { [transposeA]: { b: false }, [transposeB]: { b: false } };
    return writer.emit(op, [left, right], { T: writer.operandType(node), ...attributes });
  };

/** True if a shape may be empty: a batch has rows, but it may have no hits. */
const mayBeEmpty = (shape: readonly Dim[]): boolean =>
  shape.some((dim) => typeof dim !== 'number' && dim.symbol.split('·').some((symbol) => symbol !== 'batch'));

/** Returns the second operand of a BroadcastTo, as values of the result's type. */
const castToResultType: TensorflowLowering = (node, [, like], writer) => {
  const from = writer.typeOf(node.inputs[1]!).dtype;
  if (from === node.type.dtype) return like!;
  return writer.emit('Cast', [like!], { SrcT: { type: dataType(from) }, DstT: { type: dataType(node.type.dtype) } });
};

/** The WebAssembly backend has no UnsortedSegmentSum; ScatterNd adds up the values of one row. */
const segmentSum: TensorflowLowering = (node, operands, writer) => {
  const [values, segments] = segmentOperands(node, operands, writer);
  const int = { type: 'DT_INT32' };
  const indices = writer.emit('ExpandDims', [segments!, writer.constant([1], [], 'int32')], { T: int, Tdim: int });
  const attributes = { T: { type: dataType(node.type.dtype) }, Tindices: int };
  return writer.emit('ScatterNd', [indices, values!, writer.shape(node.type.shape)], attributes);
};

function tfjsTable(parameter: TensorflowLowering): TensorflowTable {
  const table = tensorflowTable(parameter);
  return {
    ...table,
    MatMul: productWith('MatMul', ['transpose_a', 'transpose_b'], [1, 0]),
    BatchMatMul: productWith('BatchMatMulV2', ['adj_x', 'adj_y'], [0, 2, 1]),
    // TensorFlow.js's graph models have no ReluGrad.
    Select: (node, operands, writer) => writer.emit('SelectV2', operands, { T: { type: dataType(node.type.dtype) } }),
    // Its BroadcastTo to an empty shape gives one element; a sum with zeros of that shape gives none.
    BroadcastTo: (node, operands, writer) => {
      const { dtype, shape } = node.type;
      if (dtype === 'bool' || !mayBeEmpty(shape)) return table.BroadcastTo(node, operands, writer);
      const attributes = { T: { type: dataType(dtype) } };
      return writer.emit(
        'AddV2',
        [operands[0]!, writer.emit('ZerosLike', [castToResultType(node, operands, writer)], attributes)],
        attributes,
      );
    },
    SegmentSum: segmentSum,
    AllGather: segmentSum,
  };
}
