/** Elementwise ops of one operand. */
import { GraphTypeError } from '../dims.ts';
import type { Builder, Dtype, Ref, unaryNames } from '../graph.ts';
import { allDtypes, expectInputs, floatDtypes, flopPerElement, hostDtypes, numericDtypes, type OpRow } from './row.ts';

function makeUnaryOp(
  doc: string,
  allowed: readonly Dtype[],
  compute: (x: number) => number,
  /** Returns the gradient by x, from the upstream gradient g, the operand x and the result y. */
  gradient?: (b: Builder, g: Ref, x: Ref, y: Ref) => Ref,
): OpRow {
  return {
    doc,
    type(inputs) {
      expectInputs(inputs, allowed);
      return inputs[0]!;
    },
    gradient: gradient
      ? (context) => [() => gradient(context.builder, context.upstream, context.inputs[0]!, context.output)]
      : 'none',
    evaluate([x], output) {
      for (let i = 0; i < output.data.length; i++) output.data[i] = compute(x!.data[i]!);
    },
    flops: flopPerElement,
  };
}

const sigmoidOf = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

export const unaryOps: Readonly<Record<(typeof unaryNames)[number] | 'StopGradient' | 'Cast', OpRow>> = {
  Neg: {
    ...makeUnaryOp(
      '−x',
      [...numericDtypes, 'bfloat16'],
      (x) => -x,
      (b, g) => b.neg(g),
    ),
    bfloat16: 'carry',
  },
  Exp: makeUnaryOp('eˣ', floatDtypes, Math.exp, (b, g, _, y) => b.mul(g, y)),
  Log: makeUnaryOp('Natural logarithm', floatDtypes, Math.log, (b, g, x) => b.div(g, x)),
  Sqrt: makeUnaryOp('√x', floatDtypes, Math.sqrt, (b, g, _, y) => b.div(b.mul(g, 0.5), y)),
  Rsqrt: makeUnaryOp(
    '1 ÷ √x',
    floatDtypes,
    (x) => 1 / Math.sqrt(x),
    (b, g, _, y) => b.mul(b.mul(g, -0.5), b.mul(b.square(y), y)),
  ),
  Square: makeUnaryOp(
    'x²',
    numericDtypes,
    (x) => x * x,
    (b, g, x) => b.mul(b.mul(g, 2), x),
  ),
  Abs: makeUnaryOp('|x|. Gradient 0 at 0.', numericDtypes, Math.abs, (b, g, x) => b.mul(g, b.sign(x))),
  Sign: makeUnaryOp('−1, 0 or 1', numericDtypes, (x) => (Number.isNaN(x) ? x : Number(x > 0) - Number(x < 0))),
  Tanh: makeUnaryOp('tanh x', floatDtypes, Math.tanh, (b, g, _, y) => b.mul(g, b.sub(1, b.square(y)))),
  Cos: makeUnaryOp('cos x, x in radians', floatDtypes, Math.cos, (b, g, x) => b.neg(b.mul(g, b.sin(x)))),
  Sin: makeUnaryOp('sin x, x in radians', floatDtypes, Math.sin, (b, g, x) => b.mul(g, b.cos(x))),
  Sigmoid: makeUnaryOp('1 ÷ (1 + e⁻ˣ)', floatDtypes, sigmoidOf, (b, g, _, y) => b.mul(g, b.mul(y, b.sub(1, y)))),
  Relu: {
    ...makeUnaryOp(
      'The larger of x and 0. Gradient 0 at 0.',
      [...floatDtypes, 'bfloat16'],
      (x) => Math.max(x, 0),
      (b, g, _, y) => b.select(b.greater(y, 0), g, 0),
    ),
    bfloat16: 'carry',
  },
  Softplus: makeUnaryOp(
    'log(1 + eˣ), without overflow',
    floatDtypes,
    (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    (b, g, x) => b.mul(g, b.sigmoid(x)),
  ),
  LogicalNot: makeUnaryOp('not x', ['bool'], (x) => 1 - x),
  StopGradient: makeUnaryOp('x, a constant to differentiation', hostDtypes, (x) => x),
  Cast: {
    doc: 'x as attribute dtype. To int32 the fraction is dropped; to bool, x ≠ 0; to bfloat16, the nearest, of two the even one. Differentiable only from float32 to float32.',
    type(inputs, { dtype }) {
      expectInputs(inputs, allDtypes);
      if (!allDtypes.includes(dtype as Dtype)) throw new GraphTypeError(`no dtype "${String(dtype)}"`);
      return { dtype: dtype as Dtype, shape: inputs[0]!.shape };
    },
    gradient: (context) => [
      context.inputs[0]!.type.dtype === 'float32' && context.output.type.dtype === 'float32'
        ? () => context.upstream
        : 'none',
    ],
    evaluate([x], output) {
      const toBool = output.dtype === 'bool';
      for (let i = 0; i < output.data.length; i++) output.data[i] = toBool ? Number(x!.data[i] !== 0) : x!.data[i]!;
    },
    flops: flopPerElement,
  },
};
