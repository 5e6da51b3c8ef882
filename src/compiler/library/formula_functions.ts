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

/** Divides by numbers that are not 0. */
export const quotient = ofTwo('div', (x, y) => x / y, zero);

/** Divides, and gives 0 with gradient 0 where the divisor is 0: that of nothing, such as the count of an empty list. */
function divided(builder: Builder, x: Operand, y: Operand): Ref {
  if (typeof y === 'number') return builder.div(x, y);
  const isZero = builder.cast(builder.equal(y, 0), 'float32');
  return builder.mul(builder.div(x, builder.add(y, isZero)), builder.sub(1, isZero));
}

export const functions = {
  '+': ofTwo('add', (x, y) => x + y, zero),
  '-': ofTwo('sub', (x, y) => x - y, zero),
  '*': ofTwo('mul', (x, y) => x * y, zero),
  '/': { ...quotient, divides: 1, lower: (builder, x, y) => divided(builder, x!, y!) },
  neg: ofOne(
    (builder, x) => builder.neg(x),
    (x) => -x,
    zero,
  ),
  min: ofTwo('minimum', Math.min, { ...zero, isMore: true }),
  max: ofTwo('maximum', Math.max, { ...zero, isMore: true }),
  floor: { operands: 1, ofNumbers: (x) => Math.floor(x!) },
  ceil: { operands: 1, ofNumbers: (x) => Math.ceil(x!) },
  exp: ofOne((builder, x) => builder.exp(x), Math.exp),
  log: ofOne((builder, x) => builder.log(x), Math.log, { divides: 0 }),
  sqrt: ofOne((builder, x) => builder.sqrt(x), Math.sqrt, { divides: 0 }),
  rsqrt: ofOne(
    (builder, x) => builder.rsqrt(x),
    (x) => 1 / Math.sqrt(x),
    { divides: 0 },
  ),
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

interface WordDoc {
  readonly form: string;
  readonly doc: string;
}

const ofNumber = (name: string, doc: string): WordDoc => ({ form: `${name}(x)`, doc: `${doc}, number by number.` });
const overAxis = (name: string, doc: string): WordDoc => ({ form: `${name} over t (x)`, doc });

/** What an input of a formula may be. */
export const inputForms = {
  vector: {
    form: 'vector[d]',
    doc: 'One vector of d numbers. A block of one vector takes sequences and interests too.',
  },
  sequence: { form: 'sequence[t, d]', doc: 'The elements t of a list, each of d numbers.' },
  fields: { form: 'fields[f, d]', doc: 'Fields f, each of d numbers; with `any d` their widths may differ.' },
  interests: { form: 'interests[k, d]', doc: 'Interests k, each of d numbers.' },
} satisfies Record<string, WordDoc>;

/** What an input of a loss may be. */
export const lossInputForms = {
  scores: {
    form: 'scores[i, j]',
    doc: "The scores of row i with its own item and its negatives j. `scores[i]` is that with the row's own item alone.",
  },
  negatives: { form: 'negatives[i, j]', doc: 'The scores of row i with its negatives j, without its own item.' },
  log_q: { form: 'log_q[i, j]', doc: 'log q of the items of the columns, by the argument `correction`; 0 without it.' },
  labels: { form: 'labels[i]', doc: 'The label of each row.' },
} satisfies Record<string, WordDoc>;

/** The words of formulas that are no names of the file, for editors. */
export const formulaWords = {
  exp: ofNumber('exp', 'eˣ'),
  log: ofNumber('log', 'The natural logarithm'),
  sqrt: ofNumber('sqrt', 'The square root'),
  square: ofNumber('square', 'x²'),
  abs: ofNumber('abs', '|x|'),
  cos: ofNumber('cos', 'The cosine'),
  sin: ofNumber('sin', 'The sine'),
  tanh: ofNumber('tanh', 'The hyperbolic tangent, between -1 and 1'),
  sigmoid: ofNumber('sigmoid', '1 / (1 + e⁻ˣ), between 0 and 1'),
  softplus: ofNumber('softplus', 'log(1 + eˣ)'),
  relu: ofNumber('relu', 'x, and 0 where x is negative'),
  silu: ofNumber('silu', 'x · sigmoid(x)'),
  gelu: ofNumber('gelu', 'x · Φ(x), with the cumulative normal distribution'),
  min: { form: 'min(a, b)', doc: 'The smallest of two values or more, number by number.' },
  floor: { form: 'floor(n)', doc: 'The largest whole number that is not larger, of sizes and parameters.' },
  sum: overAxis('sum', 'The sum over an axis, which it removes. Of a product, the values may have any axes.'),
  mean: overAxis('mean', 'The mean over an axis, which it removes.'),
  max: overAxis('max', 'The maximum over an axis, which it removes; `max(a, b)` is that of two values.'),
  logsumexp: overAxis('logsumexp', 'The logarithm of the sum of eˣ over an axis, which it removes.'),
  softmax: overAxis('softmax', 'Shares of eˣ that add up to 1 over an axis, which stays.'),
  log_softmax: overAxis('log_softmax', 'The logarithm of `softmax`, for large values too.'),
  normalize: overAxis('normalize', 'Divides by the length over an axis, which stays.'),
  spread: overAxis('spread', 'The same value at each place of a further axis.'),
  size: { form: 'size(t)', doc: 'How many places an axis has; of a list its `max`.' },
  count: { form: 'count(t)', doc: 'How many elements of a list the row has.' },
  place: {
    form: 'place(t)',
    doc: '0, 1, … from the newest element of a list, or from the first place of another axis.',
  },
  normal: { form: 'normal(0.02)', doc: 'First values of a weight: normal, with this standard deviation.' },
  uniform: { form: 'uniform(0.1)', doc: 'First values of a weight: uniform from minus this number to this number.' },
  pi: { form: 'pi', doc: '3.14159…' },
  own: { form: 'own(s)', doc: "In a loss: what a value of the columns is for the row's own item." },
  ...inputForms,
  ...lossInputForms,
} satisfies Record<string, WordDoc>;

export type FormulaWord = keyof typeof formulaWords;

export const isFormulaWord = (name: string): name is FormulaWord => Object.hasOwn(formulaWords, name);
