/** The translation of each op to ONNX, operator set 18. `Parameter` differs between a training graph and an exported one. */
import type { Dim } from '../../graph/graph.ts';
import { leastNumber, mayHaveFewer } from '../../graph/ops/reductions.ts';
import { inferShape, lowerAlike, sliceSizes } from './emitted.ts';
import { type OnnxLowering, type OnnxTable, onnxType } from './onnx_writer.ts';

export const operatorSet = 18;

/** Translates to one ONNX op with the same operands. */
const sameOperands =
  (op: string): OnnxLowering =>
  (_, operands, writer, result) =>
    writer.emit(op, operands, {}, result);

const reduction =
  (op: string): OnnxLowering =>
  (node, [value], writer, result) => {
    const axes = writer.vector(node.attributes.axes as readonly number[]);
    const keepDims = node.attributes.keepDims === true ? 1 : 0;
    writer.emit(op, [value!, axes], { keepdims: keepDims, noop_with_empty_axes: 1 }, result);
  };

const lastAxis =
  (op: string): OnnxLowering =>
  (_, operands, writer, result) =>
    writer.emit(op, operands, { axis: -1 }, result);

const segmentSum: OnnxLowering = (node, [values, segments], writer, result) => {
  // ScatterElements adds in order, in one thread, so the bits are the same each time.
  const type = writer.typeOf(node.inputs[0]!);
  const positions = writer.emit('Cast', [segments!], { to: onnxType('int64') });
  const restAxes = type.shape.slice(1).map((_, axis) => axis + 1);
  const rowIndices = restAxes.length === 0 ? positions : writer.emit('Unsqueeze', [positions, writer.vector(restAxes)]);
  const allIndices = writer.emit('Expand', [rowIndices, writer.shapeOf(values!, type)]);
  const zeroScalar = writer.constant([0], [], type.dtype);
  const zeros = writer.emit('Expand', [zeroScalar, writer.shape(node.type.shape)]);
  writer.emit('ScatterElements', [zeros, allIndices, values!], { axis: 0, reduction: 'add' }, result);
};

/** Returns the translation of each op. Long because it is a table: one row per op. */
export function onnxTable(parameter: OnnxLowering): OnnxTable {
  return {
    Input: (node) => {
      throw new Error(`invariant: input ${node.attributes.name} is not among the graph's inputs`);
    },
    Parameter: parameter,
    Constant: (node, _, writer, result) => {
      const { values } = node.attributes;
      writer.constant(values as readonly number[], node.type.shape as readonly number[], node.type.dtype, result);
    },

    ...lowerAlike('Add Sub Mul Div Maximum:Max Minimum:Min Equal Greater GreaterEqual:GreaterOrEqual', sameOperands),
    ...lowerAlike(
      'LogicalAnd:And LogicalOr:Or Neg Exp Log Sqrt Abs Sign Tanh Cos Sin Sigmoid Relu Softplus',
      sameOperands,
    ),
    ...lowerAlike('LogicalNot:Not StopGradient:Identity AllReduce:Identity', sameOperands),

    Rsqrt: (_, operands, writer, result) => writer.emit('Reciprocal', [writer.emit('Sqrt', operands)], {}, result),
    Square: (_, [value], writer, result) => writer.emit('Mul', [value!, value!], {}, result),

    Cast: (node, operands, writer, result) => writer.emit('Cast', operands, { to: onnxType(node.type.dtype) }, result),
    Select: (node, [condition, whenTrue, whenFalse], writer, result) => {
      if (node.type.dtype !== 'bool') {
        writer.emit('Where', [condition!, whenTrue!, whenFalse!], {}, result);
        return;
      }
      // ONNX Runtime has no Where of bools.
      const casts = [whenTrue!, whenFalse!].map((value) => writer.emit('Cast', [value], { to: onnxType('int32') }));
      const chosenInts = writer.emit('Where', [condition!, ...casts]);
      writer.emit('Cast', [chosenInts], { to: onnxType('bool') }, result);
    },

    MatMul: (node, operands, writer, result) => {
      const { transposeA, transposeB } = node.attributes;
      if (!transposeA && !transposeB) writer.emit('MatMul', operands, {}, result);
      else writer.emit('Gemm', operands, { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 }, result);
    },
    BatchMatMul: (node, [a, b], writer, result) => {
      // ONNX Runtime fuses these transposes into the product.
      const perm = [0, 2, 1];
      const left = node.attributes.transposeA ? writer.emit('Transpose', [a!], { perm }) : a!;
      const right = node.attributes.transposeB ? writer.emit('Transpose', [b!], { perm }) : b!;
      writer.emit('MatMul', [left, right], {}, result);
    },

    ...lowerAlike('Sum:ReduceSum Mean:ReduceMean Max:ReduceMax', reduction),
    Softmax: lastAxis('Softmax'),
    LogSoftmax: lastAxis('LogSoftmax'),
    TopK: (node, [value], writer, result) => {
      const k = node.attributes.k as number;
      const { shape } = writer.typeOf(node.inputs[0]!);
      const padCounts = [...shape.map(() => 0), ...shape.map((_, axis) => (axis === shape.length - 1 ? k : 0))];
      const paddedValue = mayHaveFewer(shape, k)
        ? writer.emit('Pad', [value!, writer.vector(padCounts), writer.constant([leastNumber], [], 'float32')])
        : value!;
      writer.emit('TopK', [paddedValue, writer.vector([k])], { axis: -1, largest: 1, sorted: 1 }, result, 1);
    },

    Reshape: (node, [value], writer, result) => {
      const dims = node.type.shape;
      const inferredShape = inferShape(dims);
      // Without allowzero a length of 0 would mean "unchanged"; with it, −1 must not be next to a 0.
      const shapeVector = inferredShape ? writer.vector(inferredShape) : writer.shape(dims);
      writer.emit('Reshape', [value!, shapeVector], { allowzero: inferredShape ? 0 : 1 }, result);
    },
    Transpose: (node, operands, writer, result) =>
      writer.emit('Transpose', operands, { perm: node.attributes.perm as readonly number[] }, result),
    Concat: (node, operands, writer, result) =>
      writer.emit('Concat', operands, { axis: node.attributes.axis as number }, result),
    Slice: (node, [value], writer, result) => {
      const begin = node.attributes.begin as readonly number[];
      const sizes = sliceSizes(writer.typeOf(node.inputs[0]!).shape, begin, node.attributes.size as readonly Dim[]);
      const startVector = writer.vector(begin);
      const endVector = sizes
        ? writer.vector(sizes.map((size, axis) => (size === -1 ? Number.POSITIVE_INFINITY : begin[axis]! + size)))
        : writer.emit('Add', [startVector, writer.shape(node.type.shape)]);
      writer.emit('Slice', [value!, startVector, endVector], {}, result);
    },
    Pad: (node, [value], writer, result) => {
      const before = node.attributes.before as readonly number[];
      const after = node.attributes.after as readonly number[];
      const zeroScalar = writer.constant([0], [], node.type.dtype);
      writer.emit('Pad', [value!, writer.vector([...before, ...after]), zeroScalar], {}, result);
    },
    BroadcastTo: (node, [value, like], writer, result) =>
      writer.emit('Expand', [value!, writer.shapeOf(like!, writer.typeOf(node.inputs[1]!))], {}, result),
    Gather: (_, operands, writer, result) => writer.emit('Gather', operands, { axis: 0 }, result),
    SegmentSum: segmentSum,
    ScatterUpdate: (_, [value, indices, updates], writer, result) => {
      const positions = writer.emit('Cast', [indices!], { to: onnxType('int64') });
      writer.emit('ScatterND', [value!, positions, updates!], {}, result);
    },

    // This engine is a group of one worker, as for AllReduce.
    AllGather: segmentSum,
  };
}
