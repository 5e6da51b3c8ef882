/**
 * How each op is said for TensorFlow.js: as for TensorFlow, but for what its WebAssembly backend does slowly or lacks.
 * A product with a transpose flag takes a loop at a twentieth of the speed, so the transpose is written out.
 */
import { segmentOperands, tensorflowTable } from './tensorflow_table.ts';
import { dataType, type TensorflowLowering, type TensorflowTable, type TensorflowWriter } from './tensorflow_writer.ts';

const transposed = (value: string, perm: readonly number[], writer: TensorflowWriter): string =>
  writer.emit('Transpose', [value, writer.vector(perm)], { T: { type: 'DT_FLOAT' }, Tperm: { type: 'DT_INT32' } });

const product =
  (op: string, flags: readonly [string, string], perm: readonly number[]): TensorflowLowering =>
  (node, [a, b], writer) => {
    const left = node.attributes.transposeA ? transposed(a!, perm, writer) : a!;
    const right = node.attributes.transposeB ? transposed(b!, perm, writer) : b!;
    const [transposeA, transposeB] = flags;
    const attributes = { [transposeA]: { b: false }, [transposeB]: { b: false } };
    return writer.emit(op, [left, right], { T: writer.operandType(node), ...attributes });
  };

export function tfjsTable(parameter: TensorflowLowering): TensorflowTable {
  return {
    ...tensorflowTable(parameter),
    MatMul: product('MatMul', ['transpose_a', 'transpose_b'], [1, 0]),
    BatchMatMul: product('BatchMatMulV2', ['adj_x', 'adj_y'], [0, 2, 1]),
    // TensorFlow.js's graph models have no ReluGrad.
    Select: (node, operands, writer) => writer.emit('SelectV2', operands, { T: { type: dataType(node.type.dtype) } }),
    // UnsortedSegmentSum is missing in the WebAssembly backend; ScatterNd adds up what falls on one row.
    SegmentSum: (node, operands, writer) => {
      const [values, segments] = segmentOperands(node, operands, writer);
      const int = { type: 'DT_INT32' };
      const indices = writer.emit('ExpandDims', [segments!, writer.constant([1], [], 'int32')], { T: int, Tdim: int });
      const attributes = { T: { type: dataType(node.type.dtype) }, Tindices: int };
      return writer.emit('ScatterNd', [indices, values!, writer.shape(node.type.shape)], attributes);
    },
  };
}
