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
function byOperand(at: GradientContext, index: number, local: (builder: Builder, g: Ref) => Ref): LocalGradient {
  return () => reduceTo(at.builder, local(at.builder, at.upstream), at.inputs[index]!.type.shape, at.output.type.shape);
}

function binary(
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
function extremum(wins: (builder: Builder, mine: Ref, other: Ref, strictly: boolean) => Ref): OpRow['gradient'] {
  return (at) => {
    const share = (mine: number, other: number): LocalGradient =>
      byOperand(at, mine, (b, g) => {
        const [x, y] = [at.inputs[mine]!, at.inputs[other]!];
        const strictly = wins(b, x, y, true);
        if (b.nodes[y.id]!.op === 'Constant') return b.select(strictly, g, 0);
        const atLeast = wins(b, x, y, false);
        return b.mul(b.mul(g, 0.5), b.add(b.cast(atLeast, 'float32'), b.cast(strictly, 'float32')));
      });
    return [share(0, 1), share(1, 0)];
  };
}

export const binaryOps: Readonly<Record<(typeof binaryNames)[number] | 'Select', OpRow>> = {
  Add: {
    ...binary(
      'a + b',
      [...numericDtypes, 'bfloat16'],
      (a, b) => a + b,
      (at) => [byOperand(at, 0, (_, g) => g), byOperand(at, 1, (_, g) => g)],
    ),
    bfloat16: 'bias',
  },
  Sub: binary(
    'a − b',
    numericDtypes,
    (a, b) => a - b,
    (at) => [
      byOperand(at, 0, (_, g) => g),
      () => at.builder.neg(reduceTo(at.builder, at.upstream, at.inputs[1]!.type.shape, at.output.type.shape)),
    ],
  ),
  Mul: binary(
    'a × b',
    numericDtypes,
    (a, b) => a * b,
    (at) => [byOperand(at, 0, (b, g) => b.mul(g, at.inputs[1]!)), byOperand(at, 1, (b, g) => b.mul(g, at.inputs[0]!))],
  ),
  Div: binary(
    'a ÷ b',
    floatDtypes,
    (a, b) => a / b,
    (at) => [
      byOperand(at, 0, (b, g) => b.div(g, at.inputs[1]!)),
      byOperand(at, 1, (b, g) => b.neg(b.div(b.mul(g, at.output), at.inputs[1]!))),
    ],
  ),
  Maximum: binary(
    'The larger of a and b. Gradient: to the larger, halved between equals; 0 where a constant is as large.',
    numericDtypes,
    Math.max,
    extremum((b, mine, other, strictly) => (strictly ? b.greater(mine, other) : b.greaterEqual(mine, other))),
  ),
  Minimum: binary(
    'The smaller of a and b. Gradient: to the smaller, halved between equals; 0 where a constant is as small.',
    numericDtypes,
    Math.min,
    extremum((b, mine, other, strictly) => (strictly ? b.greater(other, mine) : b.greaterEqual(other, mine))),
  ),
  Equal: binary('a = b, as bool', hostDtypes, (a, b) => Number(a === b)),
  Greater: { ...binary('a > b, as bool', [...numericDtypes, 'bfloat16'], (a, b) => Number(a > b)), bfloat16: 'carry' },
  GreaterEqual: binary('a ≥ b, as bool', numericDtypes, (a, b) => Number(a >= b)),
  LogicalAnd: binary('a and b', boolDtype, (a, b) => a & b),
  LogicalOr: binary('a or b', boolDtype, (a, b) => a | b),
  Select: {
    doc: 'Where the condition (bool) holds the second operand, elsewhere the third; all three broadcast.',
    type(inputs) {
      expectInputs(inputs, boolDtype, allDtypes, allDtypes);
      const [, then, otherwise] = inputs;
      expectSameDtype(then!, otherwise!);
      return { dtype: then!.dtype, shape: inputs.map(({ shape }) => shape).reduce(broadcastShapes) };
    },
    gradient: (at) => [
      'none',
      byOperand(at, 1, (b, g) => b.select(at.inputs[0]!, g, 0)),
      byOperand(at, 2, (b, g) => b.select(at.inputs[0]!, 0, g)),
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
