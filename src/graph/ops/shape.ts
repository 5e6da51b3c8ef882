/** Ops that move elements without changing them. */
import {
  addDims,
  broadcastsTo,
  GraphTypeError,
  printDim,
  printShape,
  printType,
  productOfDims,
  sameDim,
} from '../dims.ts';
import type { Builder, Dim, Ref, TensorType } from '../graph.ts';
import { alignRank, reduceTo } from '../lazy.ts';
import {
  allDtypes,
  broadcastPositions,
  dimsOf,
  expectAxes,
  expectInputs,
  expectSameDtype,
  type GradientContext,
  hostDtypes,
  numbersOf,
  numericDtypes,
  type OpRow,
  offsetsOf,
  stridesOf,
} from './row.ts';

/** Returns the elements of `value` from `begin` on along one axis. A value of length 1 there is broadcast, and returned unchanged. */
function sliceAxis(builder: Builder, value: Ref, axis: number, begin: number, length: Dim, rank: number): Ref {
  const alignedValue = alignRank(builder, value, rank);
  if (alignedValue.type.shape[axis] === 1) return value;
  return builder.slice(
    alignedValue,
    alignedValue.type.shape.map((_, i) => (i === axis ? begin : 0)),
    alignedValue.type.shape.map((_, i) => (i === axis ? length : -1)),
  );
}

function slicedLength(dim: Dim, begin: number, size: Dim): Dim | undefined {
  if (!Number.isInteger(begin) || begin < 0) return undefined;
  if (size === -1) return begin === 0 ? dim : typeof dim === 'number' && begin <= dim ? dim - begin : undefined;
  if (typeof size === 'number') return size >= 0 && (typeof dim !== 'number' || begin + size <= dim) ? size : undefined;
  const isWithin = typeof dim !== 'number' && dim.symbol === size.symbol && size.times <= dim.times && begin === 0;
  return isWithin ? size : undefined;
}

/** Returns `value` with zeros around it along one axis, so that it fills the operand's shape from `begin` on. */
function padAxis(context: GradientContext, value: Ref, axis: number, begin: number): Ref {
  const wholeDim = context.inputs[0]!.type.shape[axis]!;
  const partDim = context.output.type.shape[axis]!;
  if (sameDim(wholeDim, partDim)) return value;
  const amountOnAxis = (amount: number): number[] => value.type.shape.map((_, i) => (i === axis ? amount : 0));
  if (typeof wholeDim === 'number' && typeof partDim === 'number') {
    return context.builder.pad(value, amountOnAxis(begin), amountOnAxis(wholeDim - begin - partDim));
  }
  if (typeof wholeDim !== 'number' && typeof partDim !== 'number' && wholeDim.times % partDim.times === 0) {
    const zeros = context.builder.broadcastTo(context.builder.constant(0), value);
    return context.builder.concat([value, ...new Array<Ref>(wholeDim.times / partDim.times - 1).fill(zeros)], axis);
  }
  throw new GraphTypeError(`Slice: no gradient for ${printDim(partDim)} out of ${printDim(wholeDim)}`);
}

export const shapeOps: Readonly<Record<'Reshape' | 'Transpose' | 'Concat' | 'Slice' | 'Pad' | 'BroadcastTo', OpRow>> = {
  Reshape: {
    doc: 'The same elements in row-major order, in attribute shape.',
    type(inputs, attributes) {
      expectInputs(inputs, allDtypes);
      const shape = dimsOf(attributes, 'shape');
      const [before, after] = [productOfDims(inputs[0]!.shape), productOfDims(shape)];
      if (!sameDim(before, after)) {
        throw new GraphTypeError(
          `${printShape(inputs[0]!.shape)} has ${printDim(before)} elements, ${printShape(shape)} has ${printDim(after)}`,
        );
      }
      return { dtype: inputs[0]!.dtype, shape };
    },
    gradient: (context) => [
      () =>
        context.upstream.type.shape.every((dim) => dim === 1)
          ? context.builder.reshape(context.upstream, [])
          : context.builder.reshape(context.fullUpstream(), context.inputs[0]!.type.shape),
    ],
    evaluate([input], output) {
      output.data.set(input!.data);
    },
    bfloat16: 'carry',
  },
  Transpose: {
    doc: 'Axis i of the result is axis perm[i] of the operand.',
    type(inputs, attributes) {
      expectInputs(inputs, allDtypes);
      const { dtype, shape } = inputs[0]!;
      const perm = numbersOf(attributes, 'perm');
      if ([...perm].sort((a, b) => a - b).join() !== shape.map((_, axis) => axis).join()) {
        throw new GraphTypeError(`[${perm}] does not reorder the axes of ${printShape(shape)}`);
      }
      return { dtype, shape: perm.map((axis) => shape[axis]!) };
    },
    gradient: (context) => [
      () => {
        if (context.upstream.type.shape.length === 0) return context.upstream;
        const ownPerm = numbersOf(context.attributes, 'perm');
        const inverse = ownPerm.map((_, axis) => ownPerm.indexOf(axis));
        return context.builder.transpose(alignRank(context.builder, context.upstream, ownPerm.length), inverse);
      },
    ],
    evaluate([input], output, attributes) {
      const strides = stridesOf(input!.shape);
      const readPositions = offsetsOf(
        output.shape,
        numbersOf(attributes, 'perm').map((axis) => strides[axis]!),
      );
      for (let i = 0; i < output.data.length; i++) output.data[i] = input!.data[readPositions[i]!]!;
    },
    bfloat16: 'carry',
  },
  Concat: {
    doc: 'Operands one after the other along attribute axis.',
    type(inputs, attributes) {
      expectInputs(inputs, ...inputs.map(() => allDtypes));
      const [first] = inputs;
      if (first === undefined) throw new GraphTypeError('takes at least one operand');
      const axis = attributes.axis as number;
      expectAxes(first, [axis]);
      const shape = [...first.shape];
      for (const input of inputs.slice(1)) {
        expectSameDtype(first, input);
        const fits =
          input.shape.length === shape.length && shape.every((dim, i) => i === axis || sameDim(dim, input.shape[i]!));
        const length = fits ? addDims(shape[axis]!, input.shape[axis]!) : undefined;
        if (length === undefined) {
          throw new GraphTypeError(`${printType(first)} and ${printType(input)} do not join along axis ${axis}`);
        }
        shape[axis] = length;
      }
      return { dtype: first.dtype, shape };
    },
    gradient: (context) => {
      const axis = context.attributes.axis as number;
      const rank = context.output.type.shape.length;
      let nextBegin: Dim | undefined = 0;
      return context.inputs.map((input) => {
        const begin: Dim | undefined = nextBegin;
        const length = input.type.shape[axis]!;
        nextBegin = nextBegin === undefined ? undefined : addDims(nextBegin, length);
        return () => {
          if (typeof begin !== 'number') {
            throw new GraphTypeError(
              `Concat: no gradient past the first operand along a symbolic axis: ${printType(input.type)}`,
            );
          }
          return sliceAxis(context.builder, context.upstream, axis, begin, length, rank);
        };
      });
    },
    evaluate(inputs, output, attributes) {
      const axis = attributes.axis as number;
      const strides = stridesOf(output.shape);
      let axisOffset = 0;
      for (const input of inputs) {
        const writePositions = offsetsOf(input.shape, strides, axisOffset * strides[axis]!);
        for (let i = 0; i < writePositions.length; i++) output.data[writePositions[i]!] = input.data[i]!;
        axisOffset += input.shape[axis]!;
      }
    },
    bfloat16: 'carry',
  },
  Slice: {
    doc: 'A block of attribute size from attribute begin on; size −1 reaches the end.',
    type(inputs, attributes): TensorType {
      expectInputs(inputs, allDtypes);
      const { dtype, shape } = inputs[0]!;
      const begin = numbersOf(attributes, 'begin');
      const size = dimsOf(attributes, 'size');
      const sliceLengths = shape.map((dim, axis) => slicedLength(dim, begin[axis]!, size[axis]!));
      if (begin.length !== shape.length || size.length !== shape.length || sliceLengths.includes(undefined)) {
        throw new GraphTypeError(`${printShape(size)} from [${begin.join(', ')}] is not within ${printShape(shape)}`);
      }
      return { dtype, shape: sliceLengths as Dim[] };
    },
    gradient: (context) => [
      () =>
        numbersOf(context.attributes, 'begin').reduce(
          (value, begin, axis) => padAxis(context, value, axis, begin),
          context.fullUpstream(),
        ),
    ],
    evaluate([input], output, attributes) {
      const strides = stridesOf(input!.shape);
      const firstElement = numbersOf(attributes, 'begin').reduce(
        (sum, context, axis) => sum + context * strides[axis]!,
        0,
      );
      const readPositions = offsetsOf(output.shape, strides, firstElement);
      for (let i = 0; i < output.data.length; i++) output.data[i] = input!.data[readPositions[i]!]!;
    },
    readsOnlyResult: true,
    bfloat16: 'carry',
  },
  Pad: {
    doc: 'With attribute before zeros ahead of, and after zeros behind, each axis.',
    type(inputs, attributes): TensorType {
      expectInputs(inputs, numericDtypes);
      const { dtype, shape } = inputs[0]!;
      const before = numbersOf(attributes, 'before');
      const after = numbersOf(attributes, 'after');
      const paddedLengths = shape.map((dim, axis) => {
        const extra = before[axis]! + after[axis]!;
        return Math.min(before[axis]!, after[axis]!) >= 0 && Number.isInteger(extra) ? addDims(dim, extra) : undefined;
      });
      if (before.length !== shape.length || after.length !== shape.length || paddedLengths.includes(undefined)) {
        throw new GraphTypeError(
          `[${before.join(', ')}] before and [${after.join(', ')}] after do not fit ${printShape(shape)}`,
        );
      }
      return { dtype, shape: paddedLengths as Dim[] };
    },
    gradient: (context) => [
      () => {
        const { shape } = context.inputs[0]!.type;
        const before = numbersOf(context.attributes, 'before');
        return shape.reduce(
          (value, length, axis) =>
            sameDim(length, context.output.type.shape[axis]!)
              ? value
              : sliceAxis(context.builder, value, axis, before[axis]!, length, shape.length),
          context.upstream,
        );
      },
    ],
    evaluate([input], output, attributes) {
      const strides = stridesOf(output.shape);
      const firstElement = numbersOf(attributes, 'before').reduce(
        (sum, context, axis) => sum + context * strides[axis]!,
        0,
      );
      const writePositions = offsetsOf(input!.shape, strides, firstElement);
      for (let i = 0; i < writePositions.length; i++) output.data[writePositions[i]!] = input!.data[i]!;
    },
  },
  BroadcastTo: {
    doc: 'The first operand stretched to the shape of the second, whose values are not read.',
    type(inputs) {
      expectInputs(inputs, hostDtypes, hostDtypes);
      const [value, like] = inputs as [TensorType, TensorType];
      if (!broadcastsTo(value.shape, like.shape)) {
        throw new GraphTypeError(`${printShape(value.shape)} does not stretch to ${printShape(like.shape)}`);
      }
      return { dtype: value.dtype, shape: like.shape };
    },
    gradient: (context) => [
      () => reduceTo(context.builder, context.upstream, context.inputs[0]!.type.shape, context.output.type.shape),
      'none',
    ],
    evaluate([input], output) {
      const readPositions = broadcastPositions(input!.shape, output.shape);
      for (let i = 0; i < output.data.length; i++) output.data[i] = input!.data[readPositions[i]!]!;
    },
  },
};
