/**
 * Tensors whose axes have letters: they are aligned, multiplied and reduced by letter. The axis of the batch comes first and has no letter; a weight or a
 * constant has none.
 */
import type { Builder, Ref } from '../../../graph/builder.ts';
import { productOfDims } from '../../../graph/dims.ts';
import type { Dim } from '../../../graph/graph.ts';
import type { Axes } from '../../model/model.ts';

export interface Lettered {
  /** float32 [batch, …axes], or [ …axes ] without a batch. Absent for fields of several widths. */
  readonly tensor: Ref;
  readonly axes: Axes;
  readonly hasBatch: boolean;
  /** Letters of lists past whose ends its numbers are 0. */
  readonly zeroPast: ReadonlySet<string>;
  /** The tensors of fields, float32 [batch, width], whose widths differ: `axes` has their letter and that of the width. */
  readonly parts?: readonly Ref[];
}

/** How the axes of a use are: their sizes, and the masks of lists. */
export interface AxisSizes {
  readonly builder: Builder;
  readonly batch: Dim;
  size(letter: string): number;
  /** 1 for each element that a row has, else 0: float32 [batch, size]. Absent for an axis that is no list. */
  mask(letter: string): Ref | undefined;
  /** The tensor with its reduced axes, of length 1, for each one without them: it broadcasts as it is. */
  readonly kept: Map<Ref, Pick<Lettered, 'tensor' | 'axes'>>;
}

export const nothingPast: ReadonlySet<string> = new Set();

export function constantOf(
  { builder }: AxisSizes,
  axes: Axes,
  values: readonly number[],
  shape: readonly number[],
): Lettered {
  return { tensor: builder.constant(values, shape), axes, hasBatch: false, zeroPast: nothingPast };
}

const dimsOf = ({ size }: AxisSizes, axes: Axes): readonly number[] => axes.map((letter) => size(letter));

/** Returns how many numbers a value with these axes has for each row. */
export const countNumbers = ({ size }: AxisSizes, axes: Axes): number =>
  axes.reduce((all, letter) => all * size(letter), 1);
const without = (axes: Axes, others: Axes): Axes => axes.filter((letter) => !others.includes(letter));

/** Returns the tensor with its axes in this order, which has each of them. */
export function inOrder({ builder }: AxisSizes, { tensor, axes, hasBatch }: Lettered, order: Axes): Ref {
  if (order.every((letter, index) => axes[index] === letter)) return tensor;
  const shift = hasBatch ? 1 : 0;
  const perm = order.map((letter) => axes.indexOf(letter) + shift);
  return builder.transpose(tensor, hasBatch ? [0, ...perm] : perm);
}

/** Returns the values as tensors that broadcast to each other, and the axes of the result. */
export function aligned(sizes: AxisSizes, values: readonly Lettered[]) {
  const widest = values.reduce((most, value) => (value.axes.length > most.axes.length ? value : most));
  const axes = [...new Set([...widest.axes, ...values.flatMap((value) => value.axes)])];
  const hasBatch = values.some((value) => value.hasBatch);
  const tensors = values.map((value): Ref => {
    const order = axes.filter((letter) => value.axes.includes(letter));
    const tensor = inOrder(sizes, value, order);
    const isWhole = order.length === axes.length;
    // Leading axes that are missing broadcast by themselves, but not those behind a batch.
    const isTail =
      !value.hasBatch && order.every((letter, index) => axes[axes.length - order.length + index] === letter);
    if (isWhole || isTail || (order.length === 0 && !value.hasBatch)) return tensor;
    const kept = sizes.kept.get(value.tensor);
    if (kept && axes.every((letter, index) => kept.axes[index] === letter)) return kept.tensor;
    const dims = axes.map((letter) => (order.includes(letter) ? sizes.size(letter) : 1));
    return sizes.builder.reshape(tensor, value.hasBatch ? [sizes.batch, ...dims] : dims);
  });
  return { tensors, axes, hasBatch };
}

/** Sets the numbers past the ends of lists to 0. */
export function masked(sizes: AxisSizes, value: Lettered, letters: Axes = value.axes): Lettered {
  return letters.reduce((result, letter) => {
    const presence = presenceOf(sizes, letter);
    if (!presence || result.zeroPast.has(letter) || !result.axes.includes(letter)) return result;
    const { tensors, axes, hasBatch } = aligned(sizes, [result, presence]);
    const zeroPast = new Set([...result.zeroPast, letter]);
    return { tensor: sizes.builder.mul(tensors[0]!, tensors[1]!), axes, hasBatch, zeroPast };
  }, value);
}

/** Returns 1 for each element of a list that a row has; undefined for an axis that is no list. */
export function presenceOf(sizes: AxisSizes, letter: string): Lettered | undefined {
  const mask = sizes.mask(letter);
  return mask && { tensor: mask, axes: [letter], hasBatch: true, zeroPast: new Set([letter]) };
}

/** Returns the value with 1 past the ends of lists, for a divisor and for logarithms. */
export function onesPast(sizes: AxisSizes, value: Lettered): Lettered {
  return value.axes.reduce((result, letter) => {
    const presence = presenceOf(sizes, letter);
    if (!presence) return result;
    return onesWhereAbsent(sizes, masked(sizes, result, [letter]), presence);
  }, value);
}

/** Adds 1 where `presence` is 0. The value must be 0 there. */
export function onesWhereAbsent(sizes: AxisSizes, value: Lettered, presence: Lettered): Lettered {
  const { tensors, axes, hasBatch } = aligned(sizes, [value, presence]);
  const tensor = sizes.builder.add(tensors[0]!, sizes.builder.sub(1, tensors[1]!));
  return { tensor, axes, hasBatch, zeroPast: nothingPast };
}

/** Sums the products of two values over axes that both have. Past the end of a list nothing counts. */
export function contracted(sizes: AxisSizes, one: Lettered, other: Lettered, over: Axes): Lettered {
  const { builder, batch } = sizes;
  const [a, b] = maskedOnce(sizes, one, other, over);
  const shared = a.axes.filter((letter) => b.axes.includes(letter) && !over.includes(letter));
  const [left, right] = [without(a.axes, [...shared, ...over]), without(b.axes, [...shared, ...over])];
  const zeroPast = new Set([...left.filter((x) => a.zeroPast.has(x)), ...right.filter((x) => b.zeroPast.has(x))]);
  for (const letter of shared) if (a.zeroPast.has(letter) || b.zeroPast.has(letter)) zeroPast.add(letter);
  const axes = [...shared, ...left, ...right];
  const [S, L, R] = [over, left, right].map((letters) => countNumbers(sizes, letters)) as [number, number, number];
  const dims = dimsOf(sizes, axes);
  if (shared.length === 0 && !(a.hasBatch && b.hasBatch)) {
    // A product of matrices: the side without a batch is the same for all rows.
    if (b.hasBatch) return { ...contracted(sizes, b, a, over), zeroPast };
    const rows = a.hasBatch ? productOfDims([batch, L]) : L;
    const leftRows = builder.reshape(inOrder(sizes, a, [...left, ...over]), [rows, S]);
    const rightRows = builder.reshape(inOrder(sizes, b, [...over, ...right]), [S, R]);
    const tensor = builder.reshape(builder.matMul(leftRows, rightRows), a.hasBatch ? [batch, ...dims] : dims);
    return { tensor, axes, hasBatch: a.hasBatch, zeroPast };
  }
  if (left.length === 0 && right.length === 0) {
    const { tensors, ...rest } = aligned(sizes, [a, b]);
    const products = { tensor: builder.mul(tensors[0]!, tensors[1]!), ...rest, zeroPast };
    return summed(sizes, products, over);
  }
  const sharedSize = countNumbers(sizes, shared);
  if (a.hasBatch !== b.hasBatch) {
    // One side is the same for all rows, so the rows join the axes of the other side.
    if (b.hasBatch) return { ...contracted(sizes, b, a, over), zeroPast };
    const order = [...shared, ...left, ...over];
    const perm = order.map((letter) => a.axes.indexOf(letter) + 1);
    const moved = builder.transpose(a.tensor, [...perm.slice(0, shared.length), 0, ...perm.slice(shared.length)]);
    const leftRows = builder.reshape(moved, [sharedSize, productOfDims([batch, L]), S]);
    const rightRows = builder.reshape(inOrder(sizes, b, [...shared, ...over, ...right]), [sharedSize, S, R]);
    const products = builder.reshape(builder.batchMatMul(leftRows, rightRows), [
      ...dimsOf(sizes, shared),
      batch,
      ...dimsOf(sizes, [...left, ...right]),
    ]);
    const back = axes.map((_, index) => (index < shared.length ? index : index + 1));
    return { tensor: builder.transpose(products, [shared.length, ...back]), axes, hasBatch: true, zeroPast };
  }
  const count = a.hasBatch ? productOfDims([batch, sharedSize]) : sharedSize;
  const leftRows = builder.reshape(inOrder(sizes, a, [...shared, ...left, ...over]), [count, L, S]);
  const rightRows = builder.reshape(inOrder(sizes, b, [...shared, ...over, ...right]), [count, S, R]);
  const tensor = builder.reshape(builder.batchMatMul(leftRows, rightRows), a.hasBatch ? [batch, ...dims] : dims);
  return { tensor, axes, hasBatch: a.hasBatch, zeroPast };
}

/** Masks one of two values for each list in `over`, if neither is 0 past its end. */
function maskedOnce(sizes: AxisSizes, one: Lettered, other: Lettered, over: Axes): readonly [Lettered, Lettered] {
  const open = over.filter((letter) => !one.zeroPast.has(letter) && !other.zeroPast.has(letter));
  const isSmaller = one.axes.length <= other.axes.length;
  return isSmaller ? [masked(sizes, one, open), other] : [one, masked(sizes, other, open)];
}

/** Sums over axes; past the end of a list nothing counts. */
export function summed(sizes: AxisSizes, value: Lettered, over: Axes): Lettered {
  return reduced(sizes, masked(sizes, value, over), over, (...all) => sizes.builder.sum(...all));
}

/** Applies a reduction of the graph to the axes of these letters. */
export function reduced(sizes: AxisSizes, value: Lettered, over: Axes, reduce: AxisReduction): Lettered {
  const shift = value.hasBatch ? 1 : 0;
  const reducedAxes = over.map((letter) => value.axes.indexOf(letter) + shift);
  const kept = reduce(value.tensor, reducedAxes, true);
  const rest = value.tensor.type.shape.filter((_, axis) => !reducedAxes.includes(axis));
  const zeroPast = new Set([...value.zeroPast].filter((letter) => !over.includes(letter)));
  const result = { ...value, tensor: sizes.builder.reshape(kept, rest), axes: without(value.axes, over), zeroPast };
  sizes.kept.set(result.tensor, { tensor: kept, axes: value.axes });
  return result;
}

type AxisReduction = (tensor: Ref, axes: readonly number[], keepsAxes: true) => Ref;

/** Makes a tensor of that of another, number by number, and of the other's tensor that has its axes. */
export function eachKept(sizes: AxisSizes, tensor: Ref, map: (tensor: Ref) => Ref): Ref {
  const kept = sizes.kept.get(tensor);
  if (!kept) return map(tensor);
  const whole = map(kept.tensor);
  const result = sizes.builder.reshape(whole, tensor.type.shape);
  sizes.kept.set(result, { tensor: whole, axes: kept.axes });
  return result;
}

/** Applies a function of the last axis, such as a softmax, to the axis of a letter. */
export function alongAxis(sizes: AxisSizes, value: Lettered, letter: string, apply: (tensor: Ref) => Ref): Lettered {
  const axes = [...without(value.axes, [letter]), letter];
  return { ...value, tensor: apply(inOrder(sizes, value, axes)), axes };
}
