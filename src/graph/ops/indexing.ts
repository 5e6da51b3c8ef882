/** Ops that read or write at int32 indices. */
import { countElements, GraphTypeError, printDim, printShape, productOfDims, sameDim } from '../dims.ts';
import type { Dim, Ref, TensorType } from '../graph.ts';
import { lengthValue } from '../lazy.ts';
import {
  expectInputs,
  expectRank,
  expectSameDtype,
  flopPerInput,
  type GradientContext,
  hostDtypes,
  numericDtypes,
  type OpRow,
  stridesOf,
} from './row.ts';

function checkIndex(op: string, index: number, length: number): void {
  if (index < 0 || index >= length) throw new GraphTypeError(`${op}: index ${index} is not within ${length}`);
}

/** Returns the upstream gradient's elements at the indices: computes row-major positions in the flattened tensor, then gathers scalars. */
function gatherElements(context: GradientContext, indices: Ref): Ref {
  const b = context.builder;
  const { shape } = context.output.type;
  const indexCount = indices.type.shape[0]!;
  const flatPosition = shape.reduce<Ref | undefined>((sum, length, axis) => {
    const index = b.reshape(b.slice(indices, [0, axis], [-1, 1]), [indexCount]);
    if (sum === undefined) return index;
    const axisLength = lengthValue(b, length);
    return b.add(b.mul(sum, typeof axisLength === 'number' ? axisLength : b.cast(axisLength, 'int32')), index);
  }, undefined)!;
  return b.gather(b.reshape(context.fullUpstream(), [productOfDims(shape)]), flatPosition);
}

export const indexingOps: Readonly<Record<'Gather' | 'SegmentSum' | 'ScatterUpdate', OpRow>> = {
  Gather: {
    doc: 'Rows (axis 0) of the first operand by int32 indices of any shape: [n, …] by [m] → [m, …].',
    type(inputs): TensorType {
      expectInputs(inputs, hostDtypes, ['int32']);
      const [values, indices] = inputs as [TensorType, TensorType];
      if (values.shape.length === 0) throw new GraphTypeError('a scalar has no rows');
      return { dtype: values.dtype, shape: [...indices.shape, ...values.shape.slice(1)] };
    },
    gradient: (context) => [
      () => {
        const [values, indices] = context.inputs as [Ref, Ref];
        const [rows, ...rowShape] = values.type.shape;
        const count = productOfDims(indices.type.shape);
        const updates = context.builder.reshape(context.fullUpstream(), [count, ...rowShape]);
        return context.builder.segmentSum(updates, context.builder.reshape(indices, [count]), rows!);
      },
      'none',
    ],
    evaluate([values, indices], output) {
      const rowWidth = countElements(values!.shape.slice(1));
      indices!.data.forEach((index, i) => {
        checkIndex('Gather', index, values!.shape[0]!);
        output.data.set(values!.data.subarray(index * rowWidth, (index + 1) * rowWidth), i * rowWidth);
      });
    },
    readsOnlyResult: true,
  },
  SegmentSum: {
    doc: 'Row i of the first operand [n, …] is added to row segments[i] of the result, which has as many rows as attribute rows says.',
    type(inputs, attributes): TensorType {
      expectInputs(inputs, numericDtypes, ['int32']);
      const [values, segments] = inputs as [TensorType, TensorType];
      expectRank(segments, 1);
      if (values.shape.length === 0 || !sameDim(values.shape[0]!, segments.shape[0]!)) {
        throw new GraphTypeError(
          `${printShape(values.shape)} has not one row for each of ${printDim(segments.shape[0]!)} segments`,
        );
      }
      const [rows] = attributes.rows as readonly Dim[];
      return { dtype: values.dtype, shape: [rows!, ...values.shape.slice(1)] };
    },
    gradient: (context) => [() => context.builder.gather(context.fullUpstream(), context.inputs[1]!), 'none'],
    evaluate([values, segments], output) {
      const rowWidth = countElements(values!.shape.slice(1));
      const rowSums = new Float64Array(output.data.length);
      segments!.data.forEach((segment, i) => {
        checkIndex('SegmentSum', segment, output.shape[0]!);
        for (let j = 0; j < rowWidth; j++) rowSums[segment * rowWidth + j]! += values!.data[i * rowWidth + j]!;
      });
      output.data.set(rowSums);
    },
    flops: flopPerInput,
  },
  ScatterUpdate: {
    doc: 'The first operand with the elements at int32 indices [n, rank] replaced by updates [n]. No two indices may be equal.',
    type(inputs): TensorType {
      expectInputs(inputs, numericDtypes, ['int32'], numericDtypes);
      const [values, indices, updates] = inputs as [TensorType, TensorType, TensorType];
      expectSameDtype(values, updates);
      expectRank(indices, 2);
      expectRank(updates, 1);
      const rank: Dim = values.shape.length;
      if (rank === 0 || indices.shape[1] !== rank || !sameDim(indices.shape[0]!, updates.shape[0]!)) {
        throw new GraphTypeError(
          `indices ${printShape(indices.shape)} and updates ${printShape(updates.shape)} do not fit ${printShape(values.shape)}`,
        );
      }
      return values;
    },
    gradient: (context) => {
      const [, indices, updates] = context.inputs as [Ref, Ref, Ref];
      const b = context.builder;
      return [
        () => b.scatterUpdate(context.fullUpstream(), indices, b.broadcastTo(b.constant(0), updates)),
        'none',
        () => gatherElements(context, indices),
      ];
    },
    evaluate([values, indices, updates], output) {
      output.data.set(values!.data);
      const strides = stridesOf(output.shape);
      updates!.data.forEach((update, i) => {
        let flatIndex = 0;
        strides.forEach((stride, axis) => {
          const index = indices!.data[i * strides.length + axis]!;
          checkIndex('ScatterUpdate', index, output.shape[axis]!);
          flatIndex += index * stride;
        });
        output.data[flatIndex] = update;
      });
    },
  },
};
