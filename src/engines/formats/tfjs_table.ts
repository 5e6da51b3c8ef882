/**
 * How each op is said for TensorFlow.js: as for TensorFlow, but for what its WebAssembly backend does slowly or not at all.
 * A product with a transpose flag takes a loop at a twentieth of the speed, so the transpose is written out.
 */
import type { Dim, Node } from '../../graph/graph.ts';
import type { OpName } from '../../graph/ops.ts';
import { segmentOperands, tensorflowTable } from './tensorflow_table.ts';
import { dataType, type TensorflowLowering, type TensorflowTable, type TensorflowWriter } from './tensorflow_writer.ts';

const transposed = (value: string, perm: readonly number[], writer: TensorflowWriter): string =>
  writer.emit('Transpose', [value, writer.vector(perm)], { T: { type: 'DT_FLOAT' }, Tperm: { type: 'DT_INT32' } });

/** Whose result may be its operand's own memory in another shape. */
const views: readonly OpName[] = ['Reshape', 'Transpose', 'Cast', 'BroadcastTo', 'StopGradient'];

/**
 * The right operand of a product in memory of its own. The WebAssembly backend prepares a right operand once, keeps it by the
 * memory that holds it, and takes what it kept for the same numbers in every other shape: of a view it then reads the wrong ones.
 * A transpose is a view where a length is 1.
 */
function apart({ inputs, attributes }: Node, value: string, writer: TensorflowWriter): string {
  const right = writer.graph.nodes[inputs[1]!]!;
  const { shape, dtype } = right.type;
  const moved = attributes.transposeB && shape.every((length) => typeof length === 'number' && length > 1);
  if (moved || (!attributes.transposeB && !views.includes(right.op))) return value;
  const [from, to] = [shape.map(() => 0), shape.map(() => -1)].map((numbers) => writer.vector(numbers));
  return writer.emit('Slice', [value, from!, to!], { T: { type: dataType(dtype) }, Index: { type: 'DT_INT32' } });
}

const product =
  (op: string, flags: readonly [string, string], perm: readonly number[]): TensorflowLowering =>
  (node, [a, b], writer) => {
    const left = node.attributes.transposeA ? transposed(a!, perm, writer) : a!;
    const right = apart(node, node.attributes.transposeB ? transposed(b!, perm, writer) : b!, writer);
    const [transposeA, transposeB] = flags;
    const attributes = { [transposeA]: { b: false }, [transposeB]: { b: false } };
    return writer.emit(op, [left, right], { T: writer.operandType(node), ...attributes });
  };

/** A batch has rows; hits there may be none. */
const mayBeEmpty = (shape: readonly Dim[]): boolean =>
  shape.some((dim) => typeof dim !== 'number' && dim.symbol.split('·').some((symbol) => symbol !== 'batch'));

/** The second operand of a BroadcastTo, as values of the result's type. */
const likeOf: TensorflowLowering = (node, [, like], writer) => {
  const from = writer.typeOf(node.inputs[1]!).dtype;
  if (from === node.type.dtype) return like!;
  return writer.emit('Cast', [like!], { SrcT: { type: dataType(from) }, DstT: { type: dataType(node.type.dtype) } });
};

/** UnsortedSegmentSum is missing in the WebAssembly backend; ScatterNd adds up what falls on one row. */
const segmentSum: TensorflowLowering = (node, operands, writer) => {
  const [values, segments] = segmentOperands(node, operands, writer);
  const int = { type: 'DT_INT32' };
  const indices = writer.emit('ExpandDims', [segments!, writer.constant([1], [], 'int32')], { T: int, Tdim: int });
  const attributes = { T: { type: dataType(node.type.dtype) }, Tindices: int };
  return writer.emit('ScatterNd', [indices, values!, writer.shape(node.type.shape)], attributes);
};

export function tfjsTable(parameter: TensorflowLowering): TensorflowTable {
  const table = tensorflowTable(parameter);
  return {
    ...table,
    MatMul: product('MatMul', ['transpose_a', 'transpose_b'], [1, 0]),
    BatchMatMul: product('BatchMatMulV2', ['adj_x', 'adj_y'], [0, 2, 1]),
    // TensorFlow.js's graph models have no ReluGrad.
    Select: (node, operands, writer) => writer.emit('SelectV2', operands, { T: { type: dataType(node.type.dtype) } }),
    // To an empty shape its BroadcastTo gives one element; a sum with zeros of that shape gives none.
    BroadcastTo: (node, operands, writer) => {
      const { dtype, shape } = node.type;
      if (dtype === 'bool' || !mayBeEmpty(shape)) return table.BroadcastTo(node, operands, writer);
      const attributes = { T: { type: dataType(dtype) } };
      return writer.emit(
        'AddV2',
        [operands[0]!, writer.emit('ZerosLike', [likeOf(node, operands, writer)], attributes)],
        attributes,
      );
    },
    SegmentSum: segmentSum,
    AllGather: segmentSum,
  };
}
