/** Binary ops work element by element. Shapes broadcast as in NumPy. */
import { broadcastShapes } from '../dims.ts';
import type { Builder, binaryNames, Dtype, Ref } from '../graph.ts';
import { reduceTo } from '../lazy.ts';
import {
  allDtypes,
  broadcastPositions,
  expectInputs,
  expectSameDtype,
  floatDtypes,
  flopPerElement,
  type GradientContext,
  hostDtypes,
  type LocalGradient,
  numericDtypes,
  type OpRow,
} from './row.ts';

const boolDtype: readonly Dtype[] = ['bool'];

/** Returns the gradient with respect to operand `index`: sums `local`, which has the output's shape, over the broadcast axes. */
function gradientOfOperand(
  context: GradientContext,
  index: number,
  local: (builder: Builder, g: Ref) => Ref,
): LocalGradient {
  return () =>
    reduceTo(
      context.builder,
      local(context.builder, context.upstream),
      context.inputs[index]!.type.shape,
      context.output.type.shape,
    );
}

function makeBinaryOp(
  doc: string,
  allowed: readonly Dtype[],
  compute: (a: number, b: number) => number,
  /** Absent: the result is bool. */
  gradient: OpRow['gradient'] = 'none',
): OpRow {
  return {
    doc,
    type(inputs) {
      expectInputs(inputs, allowed, allowed);
      const [a, b] = inputs as [(typeof inputs)[0], (typeof inputs)[0]];
      expectSameDtype(a, b);
      return { dtype: gradient === 'none' ? 'bool' : a.dtype, shape: broadcastShapes(a.shape, b.shape) };
    },
    gradient,
    evaluate([a, b], output) {
      const leftIndices = broadcastPositions(a!.shape, output.shape);
      const rightIndices = broadcastPositions(b!.shape, output.shape);
      for (let i = 0; i < output.data.length; i++)
        output.data[i] = compute(a!.data[leftIndices[i]!]!, b!.data[rightIndices[i]!]!);
    },
    flops: flopPerElement,
  };
}

/**
 * The gradient goes to the winning operand, and half to each if they are equal. Against a constant an equal operand gets nothing, like Relu's
 * gradient at 0, which takes two nodes instead of seven.
 */
function extremumGradient(
  isWinner: (builder: Builder, candidate: Ref, rival: Ref, strictly: boolean) => Ref,
): OpRow['gradient'] {
  return (context) => {
    const gradientShare = (candidate: number, rival: number): LocalGradient =>
      gradientOfOperand(context, candidate, (b, g) => {
        const [x, y] = [context.inputs[candidate]!, context.inputs[rival]!];
        const strictly = isWinner(b, x, y, true);
        if (b.nodes[y.id]!.op === 'Constant') return b.select(strictly, g, 0);
        const atLeast = isWinner(b, x, y, false);
        return b.mul(b.mul(g, 0.5), b.add(b.cast(atLeast, 'float32'), b.cast(strictly, 'float32')));
      });
    return [gradientShare(0, 1), gradientShare(1, 0)];
  };
}

export const binaryOps: Readonly<Record<(typeof binaryNames)[number] | 'Select', OpRow>> = {
  Add: {
    ...makeBinaryOp(
      'a + b',
      [...numericDtypes, 'bfloat16'],
      (a, b) => a + b,
      (context) => [gradientOfOperand(context, 0, (_, g) => g), gradientOfOperand(context, 1, (_, g) => g)],
    ),
    bfloat16: 'bias',
  },
  Sub: makeBinaryOp(
    'a − b',
    numericDtypes,
    (a, b) => a - b,
    (context) => [
      gradientOfOperand(context, 0, (_, g) => g),
      () =>
        context.builder.neg(
          reduceTo(context.builder, context.upstream, context.inputs[1]!.type.shape, context.output.type.shape),
        ),
    ],
  ),
  Mul: makeBinaryOp(
    'a × b',
    numericDtypes,
    (a, b) => a * b,
    (context) => [
      gradientOfOperand(context, 0, (b, g) => b.mul(g, context.inputs[1]!)),
      gradientOfOperand(context, 1, (b, g) => b.mul(g, context.inputs[0]!)),
    ],
  ),
  Div: makeBinaryOp(
    'a ÷ b',
    floatDtypes,
    (a, b) => a / b,
    (context) => [
      gradientOfOperand(context, 0, (b, g) => b.div(g, context.inputs[1]!)),
      gradientOfOperand(context, 1, (b, g) => b.neg(b.div(b.mul(g, context.output), context.inputs[1]!))),
    ],
  ),
  Maximum: makeBinaryOp(
    'The larger of a and b. Gradient: to the larger, halved between equals; 0 where a constant is as large.',
    numericDtypes,
    Math.max,
    extremumGradient((b, candidate, rival, strictly) =>
      strictly ? b.greater(candidate, rival) : b.greaterEqual(candidate, rival),
    ),
  ),
  Minimum: makeBinaryOp(
    'The smaller of a and b. Gradient: to the smaller, halved between equals; 0 where a constant is as small.',
    numericDtypes,
    Math.min,
    extremumGradient((b, candidate, rival, strictly) =>
      strictly ? b.greater(rival, candidate) : b.greaterEqual(rival, candidate),
    ),
  ),
  Equal: makeBinaryOp('a = b, as bool', hostDtypes, (a, b) => Number(a === b)),
  Greater: {
    ...makeBinaryOp('a > b, as bool', [...numericDtypes, 'bfloat16'], (a, b) => Number(a > b)),
    bfloat16: 'carry',
  },
  GreaterEqual: makeBinaryOp('a ≥ b, as bool', numericDtypes, (a, b) => Number(a >= b)),
  LogicalAnd: makeBinaryOp('a and b', boolDtype, (a, b) => a & b),
  LogicalOr: makeBinaryOp('a or b', boolDtype, (a, b) => a | b),
  Select: {
    doc: 'Where the condition (bool) holds the second operand, elsewhere the third; all three broadcast.',
    type(inputs) {
      expectInputs(inputs, boolDtype, allDtypes, allDtypes);
      const [, then, otherwise] = inputs;
      expectSameDtype(then!, otherwise!);
      return { dtype: then!.dtype, shape: inputs.map(({ shape }) => shape).reduce(broadcastShapes) };
    },
    gradient: (context) => [
      'none',
      gradientOfOperand(context, 1, (b, g) => b.select(context.inputs[0]!, g, 0)),
      gradientOfOperand(context, 2, (b, g) => b.select(context.inputs[0]!, 0, g)),
    ],
    evaluate(inputs, output) {
      const [condition, then, otherwise] = inputs.map((input) => {
        const indices = broadcastPositions(input.shape, output.shape);
        return (i: number) => input.data[indices[i]!]!;
      });
      for (let i = 0; i < output.data.length; i++) output.data[i] = condition!(i) ? then!(i) : otherwise!(i);
    },
    flops: flopPerElement,
    bfloat16: 'carry',
  },
};
