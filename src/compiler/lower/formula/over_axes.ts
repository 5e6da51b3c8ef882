/** Applies functions and reductions to tensors whose axes have letters. Past the end of a list, and where a test is false, nothing counts. */
import type { Builder, Ref } from '../../../graph/builder.ts';
import { ShapeError } from '../../library/contract.ts';
import { type FormulaFunction, functions, quotient } from '../../library/formula_functions.ts';
import type { Axes, OverName } from '../../model/model.ts';
import {
  type AxisSizes,
  aligned,
  alongAxis,
  contracted,
  countNumbers,
  eachKept,
  type Lettered,
  nothingPast,
  onesPast,
  reduced,
  summed,
} from './lettered.ts';

/** A number that is known when the graph is made, or a tensor. */
export type FormulaValue = Lettered | number;

/** Subtracted from numbers that do not count for a maximum or a softmax. */
const hiddenPenalty = 1e9;

export const isNumber = (value: FormulaValue): value is number => typeof value === 'number';

/** Applies a function to operands that are aligned by their letters. At least one is no number. */
export function applyFunction(sizes: AxisSizes, row: FormulaFunction, operands: readonly FormulaValue[]): Lettered {
  const ragged = operands.find((operand): operand is Lettered => !isNumber(operand) && operand.parts !== undefined);
  if (ragged) return applyToFields(sizes.builder, row, ragged, operands);
  const guarded = operands.map((operand, index) =>
    index === row.divides && !isNumber(operand) ? onesPast(sizes, operand) : operand,
  );
  const { tensors, axes, hasBatch } = aligned(
    sizes,
    guarded.filter((operand): operand is Lettered => !isNumber(operand)),
  );
  const compute = (...all: readonly Ref[]): Ref => {
    let next = 0;
    return row.lower!(sizes.builder, ...guarded.map((operand) => (isNumber(operand) ? operand : all[next++]!)));
  };
  const tensor = tensors.length === 1 ? eachKept(sizes, tensors[0]!, compute) : compute(...tensors);
  return { tensor, axes, hasBatch, zeroPast: new Set(axes.filter((letter) => isZeroPast(row, operands, letter))) };
}

/** True if a function gives 0 past the end of a list. */
function isZeroPast(row: FormulaFunction, operands: readonly FormulaValue[], letter: string): boolean {
  const isZero = (operand: FormulaValue): boolean => (isNumber(operand) ? operand === 0 : operand.zeroPast.has(letter));
  if (row === functions['*']) return operands.some(isZero);
  if (row === functions['/'] || row === quotient) return isZero(operands[0]!);
  // The logarithm of the 1 that stands there.
  if (row === functions.log) return true;
  return row.keepsZero === true && operands.every(isZero);
}

/** Applies a function to each field, with the field's own number of a value that has one for each. */
function applyToFields(
  builder: Builder,
  row: FormulaFunction,
  ragged: Lettered,
  operands: readonly FormulaValue[],
): Lettered {
  const [fields] = ragged.axes;
  const partOf = (operand: FormulaValue, index: number): Ref | number => {
    if (isNumber(operand)) return operand;
    if (operand.parts) return operand.parts[index]!;
    if (operand.axes.length === 0) return operand.tensor;
    if (operand.axes.length > 1 || operand.axes[0] !== fields)
      throw new ShapeError('computes fields of several widths number by number, with one number for each field');
    const isOfRow = operand.hasBatch;
    return builder.slice(operand.tensor, isOfRow ? [0, index] : [index], isOfRow ? [-1, 1] : [1]);
  };
  const parts = ragged.parts!.map((_, index) =>
    row.lower!(builder, ...operands.map((operand) => partOf(operand, index))),
  );
  return { ...ragged, tensor: parts[0]!, parts };
}

export const multiply = (sizes: AxisSizes, left: Lettered, right: Lettered): Lettered =>
  applyFunction(sizes, functions['*'], [left, right]);

/** Sums the products of two values of any axes. @param test 1 where a place counts, else 0 */
export function sumOfProducts(
  sizes: AxisSizes,
  values: readonly [Lettered, Lettered],
  letters: Axes,
  test?: Lettered,
): Lettered {
  let [left, right] = values;
  const holdsTest = ({ axes }: Lettered): boolean => test!.axes.every((letter) => axes.includes(letter));
  if (test && !holdsTest(left) && holdsTest(right)) right = multiply(sizes, right, test);
  else if (test) left = multiply(sizes, left, test);
  const missing = letters.find((letter) => !left.axes.includes(letter) && !right.axes.includes(letter));
  if (missing !== undefined) throw new ShapeError(`sums over \`${missing}\`, which its value has not`);
  /** Sums over what only one of the values has. */
  const alone = (value: Lettered, other: Lettered): Lettered => {
    const own = letters.filter((letter) => value.axes.includes(letter) && !other.axes.includes(letter));
    return own.length === 0 ? value : summed(sizes, value, own);
  };
  const [one, other] = [alone(left, right), alone(right, left)];
  const common = letters.filter((letter) => one.axes.includes(letter) && other.axes.includes(letter));
  return common.length > 0 ? contracted(sizes, one, other, common) : multiply(sizes, one, other);
}

/** What a reduction goes over. */
interface Reduction {
  readonly letters: Axes;
  /** 1 where all tests hold, else 0. Absent without tests. */
  readonly test?: Lettered;
  /** 1 for each place that counts, of lists and tests. Absent if all count. */
  readonly visible?: Lettered;
}

type Reduce = (sizes: AxisSizes, value: Lettered, over: Reduction) => Lettered;

export const overFunctions: Readonly<Record<OverName, Reduce>> = {
  sum: (sizes, value, { letters, test }) =>
    test ? sumOfProducts(sizes, [value, test], letters) : summed(sizes, value, letters),

  mean(sizes, value, { letters, test, visible }) {
    const { builder } = sizes;
    if (!visible) return reduced(sizes, value, letters, (...all) => builder.mean(...all));
    const sum = overFunctions.sum(sizes, value, { letters, test });
    const tested = letters.filter((letter) => visible.axes.includes(letter));
    const others = letters.filter((letter) => !tested.includes(letter));
    const counted = summed(sizes, visible, tested);
    const rest = countNumbers(sizes, others);
    const count = builder.maximum(rest === 1 ? counted.tensor : builder.mul(counted.tensor, rest), 1);
    return applyFunction(sizes, quotient, [sum, { ...counted, tensor: count }]);
  },

  max(sizes, value, { letters, visible }) {
    const shown = visible ? lowerHidden(sizes, value, visible) : value;
    const largest = reduced(sizes, shown, letters, (...all) => sizes.builder.max(...all));
    return visible ? multiply(sizes, largest, isAny(sizes, visible, letters)) : largest;
  },

  min(sizes, value, over) {
    const negative = overFunctions.max(sizes, { ...value, tensor: sizes.builder.neg(value.tensor) }, over);
    return { ...negative, tensor: sizes.builder.neg(negative.tensor) };
  },

  logsumexp(sizes, value, { letters, visible }) {
    const { builder } = sizes;
    const shown = visible ? lowerHidden(sizes, value, visible) : value;
    const largest = reduced(sizes, shown, letters, (...all) => builder.stopGradient(builder.max(...all)));
    const powers = applyFunction(sizes, functions.exp, [applyFunction(sizes, functions['-'], [shown, largest])]);
    const sums = reduced(sizes, powers, letters, (...all) => builder.sum(...all));
    const result = applyFunction(sizes, functions['+'], [{ ...sums, tensor: builder.log(sums.tensor) }, largest]);
    return visible ? multiply(sizes, result, isAny(sizes, visible, letters)) : result;
  },

  softmax: (sizes, value, over) => shares(sizes, value, over, (tensor) => sizes.builder.softmax(tensor)),
  log_softmax: (sizes, value, over) => shares(sizes, value, over, (tensor) => sizes.builder.logSoftmax(tensor)),

  /** Divides by the length. Zeros stay zeros, with the gradient of a length of 1, as in the block `normalize`. */
  normalize(sizes, value, { letters, visible }) {
    const { builder } = sizes;
    const seen = visible ? multiply(sizes, value, visible) : value;
    const axis = seen.axes.indexOf(letters[0]!) + (seen.hasBatch ? 1 : 0);
    const square = builder.sum(builder.square(seen.tensor), [axis], true);
    const scale = builder.rsqrt(builder.select(builder.greater(square, 1e-12), square, 1));
    return { ...seen, tensor: builder.mul(seen.tensor, scale) };
  },
};

function shares(
  sizes: AxisSizes,
  value: Lettered,
  { letters, visible }: Reduction,
  apply: (tensor: Ref) => Ref,
): Lettered {
  const shown = visible ? lowerHidden(sizes, value, visible) : value;
  const result = { ...alongAxis(sizes, shown, letters[0]!, apply), zeroPast: nothingPast };
  return visible ? multiply(sizes, result, visible) : result;
}

/** Returns the value with numbers that do not count far below the others. */
function lowerHidden(sizes: AxisSizes, value: Lettered, visible: Lettered): Lettered {
  const { builder } = sizes;
  const { tensors, axes, hasBatch } = aligned(sizes, [value, visible]);
  const penalty = builder.mul(builder.sub(tensors[1]!, 1), hiddenPenalty);
  return { tensor: builder.add(tensors[0]!, penalty), axes, hasBatch, zeroPast: nothingPast };
}

/** Returns 1 where any number counts, else 0. */
const isAny = (sizes: AxisSizes, visible: Lettered, letters: Axes): Lettered =>
  reduced(
    sizes,
    visible,
    letters.filter((letter) => visible.axes.includes(letter)),
    (...all) => sizes.builder.max(...all),
  );

/** Reduces fields of several widths over their widths, to one number for each field. */
export function reducedFields(
  { builder }: AxisSizes,
  { parts, axes }: Lettered,
  name: OverName,
  letters: Axes,
): Lettered {
  const [fields, width] = axes;
  if (
    (name !== 'sum' && name !== 'mean' && name !== 'max' && name !== 'min') ||
    letters.length !== 1 ||
    letters[0] !== width
  )
    throw new ShapeError(`takes fields of several widths only for sum, mean, max and min over \`${width}\``);
  const numbers = parts!.map((part) =>
    name === 'min' ? builder.neg(builder.max(builder.neg(part), [1], true)) : builder[name](part, [1], true),
  );
  return { tensor: builder.concat(numbers, 1), axes: [fields!], hasBatch: true, zeroPast: nothingPast };
}
