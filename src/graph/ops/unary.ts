/** One operand, element by element. */
import type { Builder, Ref } from '../builder_contract.ts';
import { countElements } from '../dims.ts';
import { GraphTypeError } from '../errors.ts';
import type { Dtype } from '../graph.ts';
import type { OpName } from '../ops.ts';
import { expectInputs, type OpRow } from './row.ts';

const numeric: readonly Dtype[] = ['float32', 'int32'];
const float: readonly Dtype[] = ['float32'];
const any: readonly Dtype[] = ['float32', 'int32', 'bool'];
const every: readonly Dtype[] = [...any, 'bfloat16'];

function unary(
  op: OpName,
  doc: string,
  allowed: readonly Dtype[],
  compute: (x: number) => number,
  /** Gradient by x from upstream g, the operand x and the result y. */
  gradient: 'none' | ((b: Builder, g: Ref, x: Ref, y: Ref) => Ref),
): OpRow {
  return {
    doc,
    type(inputs) {
      expectInputs(op, inputs, allowed);
      return inputs[0]!;
    },
    gradient:
      gradient === 'none' ? 'none' : (at) => [() => gradient(at.builder, at.upstream, at.inputs[0]!, at.output)],
    evaluate([x], output) {
      for (let i = 0; i < output.data.length; i++) output.data[i] = compute(x!.data[i]!);
    },
    flops: (_, output) => countElements(output),
  };
}

const sigmoidOf = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

export const neg: OpRow = {
  ...unary(
    'Neg',
    '−x',
    [...numeric, 'bfloat16'],
    (x) => -x,
    (b, g) => b.neg(g),
  ),
  bfloat16: 'carry',
};
export const exp = unary('Exp', 'eˣ', float, Math.exp, (b, g, _, y) => b.mul(g, y));
export const log = unary('Log', 'Natural logarithm', float, Math.log, (b, g, x) => b.div(g, x));
export const sqrt = unary('Sqrt', '√x', float, Math.sqrt, (b, g, _, y) => b.div(b.mul(g, 0.5), y));
export const rsqrt = unary(
  'Rsqrt',
  '1 ÷ √x',
  float,
  (x) => 1 / Math.sqrt(x),
  (b, g, _, y) => b.mul(b.mul(g, -0.5), b.mul(b.square(y), y)),
);
export const square = unary(
  'Square',
  'x²',
  numeric,
  (x) => x * x,
  (b, g, x) => b.mul(b.mul(g, 2), x),
);
export const abs = unary('Abs', '|x|. Gradient 0 at 0.', numeric, Math.abs, (b, g, x) => b.mul(g, b.sign(x)));
export const sign = unary(
  'Sign',
  '−1, 0 or 1',
  numeric,
  (x) => (Number.isNaN(x) ? x : Number(x > 0) - Number(x < 0)),
  'none',
);
export const tanh = unary('Tanh', 'tanh x', float, Math.tanh, (b, g, _, y) => b.mul(g, b.sub(1, b.square(y))));
export const sigmoid = unary('Sigmoid', '1 ÷ (1 + e⁻ˣ)', float, sigmoidOf, (b, g, _, y) =>
  b.mul(g, b.mul(y, b.sub(1, y))),
);
export const relu: OpRow = {
  ...unary(
    'Relu',
    'The larger of x and 0. Gradient 0 at 0.',
    [...float, 'bfloat16'],
    (x) => Math.max(x, 0),
    (b, g, _, y) => b.select(b.greater(y, 0), g, 0),
  ),
  bfloat16: 'carry',
};
export const softplus = unary(
  'Softplus',
  'log(1 + eˣ), without overflow',
  float,
  (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  (b, g, x) => b.mul(g, b.sigmoid(x)),
);
export const logicalNot = unary('LogicalNot', 'not x', ['bool'], (x) => 1 - x, 'none');
export const stopGradient = unary('StopGradient', 'x, a constant to differentiation', any, (x) => x, 'none');

export const cast: OpRow = {
  doc: 'x as attribute dtype. To int32 the fraction is dropped; to bool, x ≠ 0; to bfloat16, the nearest, of two the even one. Differentiable only from float32 to float32.',
  type(inputs, attributes) {
    expectInputs('Cast', inputs, every);
    const { dtype } = attributes;
    if (!every.includes(dtype as Dtype)) throw new GraphTypeError(`Cast: no dtype "${String(dtype)}"`);
    return { dtype: dtype as Dtype, shape: inputs[0]!.shape };
  },
  gradient: (at) => [
    at.inputs[0]!.type.dtype === 'float32' && at.output.type.dtype === 'float32' ? () => at.upstream : 'none',
  ],
  evaluate([x], output) {
    const toBool = output.dtype === 'bool';
    for (let i = 0; i < output.data.length; i++) output.data[i] = toBool ? Number(x!.data[i] !== 0) : x!.data[i]!;
  },
  flops: (_, output) => countElements(output),
};
