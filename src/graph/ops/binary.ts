/** Two operands, element by element; shapes broadcast as NumPy's. */
import type { Builder, Ref } from '../builder_contract.ts';
import { broadcastShapes, countElements } from '../dims.ts';
import { GraphTypeError } from '../errors.ts';
import type { Dim, Dtype } from '../graph.ts';
import { reduceTo } from '../lazy.ts';
import type { OpName } from '../ops.ts';
import { expectInputs, expectSameDtype, type GradientContext, type LocalGradient, type OpRow } from './row.ts';
import { broadcastPositions } from './walk.ts';

const numeric: readonly Dtype[] = ['float32', 'int32'];
const float: readonly Dtype[] = ['float32'];
const any: readonly Dtype[] = ['float32', 'int32', 'bool'];
const bool: readonly Dtype[] = ['bool'];
const every: readonly Dtype[] = [...any, 'bfloat16'];
const number: readonly Dtype[] = [...numeric, 'bfloat16'];

function broadcastFor(op: OpName, ...shapes: (readonly Dim[])[]): readonly Dim[] {
  try {
    return shapes.reduce((a, b) => broadcastShapes(a, b));
  } catch (error) {
    throw error instanceof GraphTypeError ? new GraphTypeError(`${op}: ${error.message}`) : error;
  }
}

/** The gradient by operand `index` of an op that broadcasts, from its gradient in the output's shape. */
function byOperand(at: GradientContext, index: number, local: (builder: Builder, g: Ref) => Ref): LocalGradient {
  return () => reduceTo(at.builder, local(at.builder, at.upstream), at.inputs[index]!.type.shape, at.output.type.shape);
}

function binary(
  op: OpName,
  doc: string,
  allowed: readonly Dtype[],
  result: 'same' | 'bool',
  compute: (a: number, b: number) => number,
  gradient: OpRow['gradient'],
): OpRow {
  return {
    doc,
    type(inputs) {
      expectInputs(op, inputs, allowed, allowed);
      const [a, b] = inputs as [(typeof inputs)[0], (typeof inputs)[0]];
      expectSameDtype(op, a, b);
      return { dtype: result === 'bool' ? 'bool' : a.dtype, shape: broadcastFor(op, a.shape, b.shape) };
    },
    gradient,
    evaluate([a, b], output) {
      const left = broadcastPositions(a!.shape, output.shape);
      const right = broadcastPositions(b!.shape, output.shape);
      for (let i = 0; i < output.data.length; i++) output.data[i] = compute(a!.data[left[i]!]!, b!.data[right[i]!]!);
    },
    flops: (_, output) => countElements(output),
  };
}

/**
 * To the operand that wins, half to each where both are equal. Against a constant the other one must win, as Relu's gradient
 * at 0 is 0: two nodes instead of seven.
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

export const add: OpRow = {
  ...binary(
    'Add',
    'a + b',
    number,
    'same',
    (a, b) => a + b,
    (at) => [byOperand(at, 0, (_, g) => g), byOperand(at, 1, (_, g) => g)],
  ),
  bfloat16: 'bias',
};

export const sub = binary(
  'Sub',
  'a − b',
  numeric,
  'same',
  (a, b) => a - b,
  (at) => [
    byOperand(at, 0, (_, g) => g),
    () => at.builder.neg(reduceTo(at.builder, at.upstream, at.inputs[1]!.type.shape, at.output.type.shape)),
  ],
);

export const mul = binary(
  'Mul',
  'a × b',
  numeric,
  'same',
  (a, b) => a * b,
  (at) => [byOperand(at, 0, (b, g) => b.mul(g, at.inputs[1]!)), byOperand(at, 1, (b, g) => b.mul(g, at.inputs[0]!))],
);

export const div = binary(
  'Div',
  'a ÷ b',
  float,
  'same',
  (a, b) => a / b,
  (at) => [
    byOperand(at, 0, (b, g) => b.div(g, at.inputs[1]!)),
    byOperand(at, 1, (b, g) => b.neg(b.div(b.mul(g, at.output), at.inputs[1]!))),
  ],
);

export const maximum = binary(
  'Maximum',
  'The larger of a and b. Gradient: to the larger, halved between equals; 0 where a constant is as large.',
  numeric,
  'same',
  Math.max,
  extremum((b, mine, other, strictly) => (strictly ? b.greater(mine, other) : b.greaterEqual(mine, other))),
);

export const minimum = binary(
  'Minimum',
  'The smaller of a and b. Gradient: to the smaller, halved between equals; 0 where a constant is as small.',
  numeric,
  'same',
  Math.min,
  extremum((b, mine, other, strictly) => (strictly ? b.greater(other, mine) : b.greaterEqual(other, mine))),
);

export const equal = binary('Equal', 'a = b, as bool', any, 'bool', (a, b) => Number(a === b), 'none');
export const greater: OpRow = {
  ...binary('Greater', 'a > b, as bool', number, 'bool', (a, b) => Number(a > b), 'none'),
  bfloat16: 'carry',
};
export const greaterEqual = binary('GreaterEqual', 'a ≥ b, as bool', numeric, 'bool', (a, b) => Number(a >= b), 'none');
export const logicalAnd = binary('LogicalAnd', 'a and b', bool, 'bool', (a, b) => a & b, 'none');
export const logicalOr = binary('LogicalOr', 'a or b', bool, 'bool', (a, b) => a | b, 'none');

export const select: OpRow = {
  doc: 'Where the condition (bool) holds the second operand, elsewhere the third; all three broadcast.',
  type(inputs) {
    expectInputs('Select', inputs, bool, every, every);
    const [condition, then, otherwise] = inputs;
    expectSameDtype('Select', then!, otherwise!);
    return { dtype: then!.dtype, shape: broadcastFor('Select', condition!.shape, then!.shape, otherwise!.shape) };
  },
  gradient: (at) => [
    'none',
    byOperand(at, 1, (b, g) => b.select(at.inputs[0]!, g, 0)),
    byOperand(at, 2, (b, g) => b.select(at.inputs[0]!, 0, g)),
  ],
  evaluate(inputs, output) {
    const [condition, then, otherwise] = inputs.map((input) => {
      const places = broadcastPositions(input.shape, output.shape);
      return (i: number) => input.data[places[i]!]!;
    });
    for (let i = 0; i < output.data.length; i++) output.data[i] = condition!(i) ? then!(i) : otherwise!(i);
  },
  flops: (_, output) => countElements(output),
  bfloat16: 'carry',
};
