/** Reductions over axes; the largest k and the two softmaxes, over the last axis. */
import { countElements, GraphTypeError, productOfDims } from '../dims.ts';
import type { Builder, Dim, Dtype, Ref, reductionNames, softmaxNames } from '../graph.ts';
import { alignRank, lengthValue, sumOver } from '../lazy.ts';
import {
  type Attributes,
  expectAxes,
  expectInputs,
  floatDtypes,
  flopPerInput,
  type GradientContext,
  type NodeValues,
  numbersOf,
  numericDtypes,
  type OpRow,
  reducedPositions,
} from './row.ts';

/** The smallest float32 number, which fills places without a number. */
export const leastNumber = -3.4028234663852886e38;

/** True if there may be fewer than k numbers to choose from. */
export const mayHaveFewer = (shape: readonly Dim[], k: number): boolean => {
  const lastDim = shape.at(-1);
  return typeof lastDim !== 'number' || lastDim < k;
};

export const topKOp: OpRow = {
  doc: 'The k largest of the last axis in descending order, equals each by itself: […, n] → […, k]. Where n < k the least float32 number fills the places.',
  type(inputs, attributes) {
    expectInputs(inputs, floatDtypes);
    const { shape, dtype } = inputs[0]!;
    const k = attributes.k as number;
    if (shape.length === 0) throw new GraphTypeError('a scalar has no last axis');
    if (!Number.isInteger(k) || k < 1) throw new GraphTypeError(`${k} is no count`);
    return { dtype, shape: [...shape.slice(0, -1), k] };
  },
  gradient: 'none',
  evaluate([input], output) {
    const n = input!.shape.at(-1)!;
    const k = output.shape.at(-1)!;
    for (let row = 0; row * k < output.data.length; row++) {
      const sortedRow = (input!.data as Float32Array).slice(row * n, (row + 1) * n).sort();
      for (let index = 0; index < k; index++)
        output.data[row * k + index] = index < n ? sortedRow[n - 1 - index]! : leastNumber;
    }
  },
  flops: flopPerInput,
};

/** Returns a value in the shape of the reduced output with the reduced axes restored as 1, so that it broadcasts to the operand. */
function restoreAxes(context: GradientContext, value: Ref): Ref {
  if (context.attributes.keepDims || value.type.shape.length === 0) return value;
  const axes = numbersOf(context.attributes, 'axes');
  const dims = [...alignRank(context.builder, value, context.output.type.shape.length).type.shape];
  return context.builder.reshape(
    value,
    context.inputs[0]!.type.shape.map((_, axis) => (axes.includes(axis) ? 1 : dims.shift()!)),
  );
}

function makeReductionOp(
  doc: string,
  allowed: readonly Dtype[],
  gradient: (builder: Builder, context: GradientContext) => Ref,
  evaluate: (input: NodeValues, output: NodeValues, axes: readonly number[]) => void,
): OpRow {
  return {
    doc,
    type(inputs, attributes) {
      expectInputs(inputs, allowed);
      const input = inputs[0]!;
      const axes = numbersOf(attributes, 'axes');
      expectAxes(input, axes);
      const shape = input.shape.flatMap((dim, axis): Dim[] =>
        axes.includes(axis) ? (attributes.keepDims ? [1] : []) : [dim],
      );
      return { dtype: input.dtype, shape };
    },
    gradient: (context) => [() => gradient(context.builder, context)],
    evaluate: ([input], output, attributes) => evaluate(input!, output, numbersOf(attributes, 'axes')),
    flops: flopPerInput,
  };
}

function sumIntoOutput(
  input: NodeValues,
  output: NodeValues,
  axes: readonly number[],
  scale: (count: number) => number,
): void {
  const { places, count } = reducedPositions(input.shape, axes);
  const reducedSums = new Float64Array(output.data.length);
  for (let i = 0; i < places.length; i++) reducedSums[places[i]!]! += input.data[i]!;
  const factor = scale(count);
  for (let i = 0; i < reducedSums.length; i++) output.data[i] = reducedSums[i]! * factor;
}

/** Visits each row of the last axis with its largest element, and the sum of the exponentials after its subtraction. */
function visitRows(
  input: NodeValues,
  visit: (context: number, length: number, largest: number, sum: number) => void,
): void {
  const rowLength = input.shape.at(-1)!;
  for (let index = 0; index < input.data.length; index += rowLength) {
    let largestInRow = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < rowLength; i++) largestInRow = Math.max(largestInRow, input.data[index + i]!);
    let exponentSum = 0;
    for (let i = 0; i < rowLength; i++) exponentSum += Math.exp(input.data[index + i]! - largestInRow);
    visit(index, rowLength, largestInRow, exponentSum);
  }
}

function makeLastAxisOp(
  doc: string,
  gradient: (b: Builder, context: GradientContext, rowSum: (value: Ref) => Ref) => Ref,
  evaluate: (input: NodeValues, output: NodeValues, attributes: Attributes) => void,
): OpRow {
  return {
    doc,
    type(inputs) {
      expectInputs(inputs, floatDtypes);
      if (inputs[0]!.shape.length === 0) throw new GraphTypeError('a scalar has no last axis');
      return inputs[0]!;
    },
    gradient: (context) => {
      const { shape } = context.output.type;
      return [
        () => gradient(context.builder, context, (value) => sumOver(context.builder, value, [shape.length - 1], shape)),
      ];
    },
    evaluate: ([input], output, attributes) => evaluate(input!, output, attributes),
    flops: (_, output) => 4 * countElements(output),
  };
}

export const reductionOps: Readonly<Record<(typeof reductionNames | typeof softmaxNames)[number], OpRow>> = {
  Sum: makeReductionOp(
    'Sum over attribute axes; with keepDims they stay, of length 1.',
    numericDtypes,
    (_, context) => restoreAxes(context, context.upstream),
    (input, output, axes) => sumIntoOutput(input, output, axes, () => 1),
  ),
  Mean: makeReductionOp(
    'Mean over attribute axes; with keepDims they stay, of length 1.',
    floatDtypes,
    (b, context) => {
      const reducedDims = numbersOf(context.attributes, 'axes').map((axis) => context.inputs[0]!.type.shape[axis]!);
      return restoreAxes(context, b.div(context.upstream, lengthValue(b, productOfDims(reducedDims))));
    },
    (input, output, axes) => sumIntoOutput(input, output, axes, (count) => 1 / count),
  ),
  Max: makeReductionOp(
    'Largest over attribute axes. Gradient: shared equally by those that are the largest.',
    numericDtypes,
    (b, context) => {
      const axes = numbersOf(context.attributes, 'axes');
      const [input] = context.inputs as [Ref];
      const isLargest = b.cast(b.equal(input, restoreAxes(context, context.output)), 'float32');
      return b.mul(isLargest, b.div(restoreAxes(context, context.upstream), b.sum(isLargest, axes, true)));
    },
    (input, output, axes) => {
      const { places } = reducedPositions(input.shape, axes);
      output.data.fill(output.dtype === 'int32' ? -(2 ** 31) : Number.NEGATIVE_INFINITY);
      for (let i = 0; i < places.length; i++) {
        const position = places[i]!;
        if (!(input.data[i]! <= output.data[position]!)) output.data[position] = input.data[i]!;
      }
    },
  ),
  Softmax: makeLastAxisOp(
    'eˣ ÷ Σ eˣ over the last axis, without overflow.',
    (b, context, rowSum) =>
      b.mul(context.output, b.sub(context.upstream, rowSum(b.mul(context.upstream, context.output)))),
    (input, output) =>
      visitRows(input, (context, length, largest, sum) => {
        for (let i = context; i < context + length; i++) output.data[i] = Math.exp(input.data[i]! - largest) / sum;
      }),
  ),
  LogSoftmax: makeLastAxisOp(
    'x − log Σ eˣ over the last axis, without overflow.',
    (b, context, rowSum) => b.sub(context.upstream, b.mul(b.exp(context.output), rowSum(context.upstream))),
    (input, output) =>
      visitRows(input, (context, length, largest, sum) => {
        for (let i = context; i < context + length; i++) output.data[i] = input.data[i]! - largest - Math.log(sum);
      }),
  ),
};
