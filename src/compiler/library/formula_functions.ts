/** The functions of formulas, which work number by number, and the operators. */
import type { Builder, Ref } from '../../graph/builder.ts';
import type { Operand } from '../../graph/graph.ts';
import { activatePlainly } from './activations.ts';

export interface FormulaFunction {
  /** How many operands it takes; `min` and `max` take two or more. */
  readonly operands: number;
  readonly isMore?: true;
  /** Computes a number at compile time: of sizes and parameters. */
  ofNumbers(...x: number[]): number;
  /** Absent for a function of numbers only. */
  lower?(builder: Builder, ...x: Operand[]): Ref;
  /** True if it is 0 where all operands are 0. */
  readonly keepsZero?: true;
  /** The operand that must not be 0 past the end of a list, where the result would not be finite: 1 stands there instead. */
  readonly divides?: number;
}

const ofOne = (
  lower: (builder: Builder, x: Ref) => Ref,
  ofNumbers: (x: number) => number,
  also: Pick<FormulaFunction, 'keepsZero' | 'divides'> = {},
): FormulaFunction => ({
  operands: 1,
  ofNumbers: ofNumbers as FormulaFunction['ofNumbers'],
  lower: (builder, x) => lower(builder, x as Ref),
  ...also,
});

const ofTwo = (
  name: 'add' | 'sub' | 'mul' | 'div' | 'minimum' | 'maximum',
  ofNumbers: (x: number, y: number) => number,
  also: Pick<FormulaFunction, 'keepsZero' | 'divides' | 'isMore'> = {},
): FormulaFunction => ({
  operands: 2,
  ofNumbers: (...x) => x.reduce((left, right) => ofNumbers(left, right)),
  lower: (builder, ...x) => x.reduce((left, right) => builder[name](left, right)) as Ref,
  ...also,
});

const zero = { keepsZero: true } as const;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const gelu = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

export const functions = {
  '+': ofTwo('add', (x, y) => x + y, zero),
  '-': ofTwo('sub', (x, y) => x - y, zero),
  '*': ofTwo('mul', (x, y) => x * y, zero),
  '/': ofTwo('div', (x, y) => x / y, { ...zero, divides: 1 }),
  neg: ofOne(
    (builder, x) => builder.neg(x),
    (x) => -x,
    zero,
  ),
  min: ofTwo('minimum', Math.min, { ...zero, isMore: true }),
  max: ofTwo('maximum', Math.max, { ...zero, isMore: true }),
  floor: { operands: 1, ofNumbers: (x) => Math.floor(x!) },
  exp: ofOne((builder, x) => builder.exp(x), Math.exp),
  log: ofOne((builder, x) => builder.log(x), Math.log, { divides: 0 }),
  sqrt: ofOne((builder, x) => builder.sqrt(x), Math.sqrt, { divides: 0 }),
  square: ofOne(
    (builder, x) => builder.square(x),
    (x) => x * x,
    zero,
  ),
  abs: ofOne((builder, x) => builder.abs(x), Math.abs, zero),
  cos: ofOne((builder, x) => builder.cos(x), Math.cos),
  sin: ofOne((builder, x) => builder.sin(x), Math.sin, zero),
  tanh: ofOne((builder, x) => builder.tanh(x), Math.tanh, zero),
  sigmoid: ofOne((builder, x) => builder.sigmoid(x), sigmoid),
  softplus: ofOne(
    (builder, x) => builder.softplus(x),
    (x) => Math.log1p(Math.exp(x)),
  ),
  relu: ofOne(
    (builder, x) => builder.relu(x),
    (x) => Math.max(0, x),
    zero,
  ),
  silu: ofOne(
    (builder, x) => activatePlainly(builder, x, 'silu'),
    (x) => x * sigmoid(x),
    zero,
  ),
  gelu: ofOne((builder, x) => activatePlainly(builder, x, 'gelu'), gelu, zero),
} satisfies Record<string, FormulaFunction>;

export type FunctionName = keyof typeof functions;

export const functionNamed = (name: string): FormulaFunction | undefined =>
  Object.hasOwn(functions, name) ? functions[name as FunctionName] : undefined;
