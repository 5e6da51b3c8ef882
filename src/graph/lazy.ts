/** Brings gradients to a shape, touching as few elements as possible: a gradient may have any shape that broadcasts to its value's. */
import { dimAt, GraphTypeError, productOfDims, type Shape, sameShape } from './dims.ts';
import type { Builder, Dim, Ref } from './graph.ts';

/** Returns `gradient` in exactly the shape of `like`. */
export function materialize(builder: Builder, gradient: Ref, like: Ref): Ref {
  return sameShape(gradient.type.shape, like.type.shape) ? gradient : builder.broadcastTo(gradient, like);
}

/** Returns the value with leading axes of length 1 up to `rank`. */
export function alignRank(builder: Builder, value: Ref, rank: number): Ref {
  const missingAxes = rank - value.type.shape.length;
  if (missingAxes <= 0) return value;
  return builder.reshape(value, [...new Array<Dim>(missingAxes).fill(1), ...value.type.shape]);
}

/** Returns the sum over `axes` of a value that broadcasts to `shape`; the axes remain, with length 1. */
export function sumOver(builder: Builder, value: Ref, axes: readonly number[], shape: Shape): Ref {
  const rank = shape.length;
  const missingAxes = rank - value.type.shape.length;
  const stretchedAxes = axes.filter((axis) => dimAt(value.type.shape, axis, rank) === 1);
  const summedAxes = axes.filter((axis) => !stretchedAxes.includes(axis)).map((axis) => axis - missingAxes);
  const summedValue = summedAxes.length > 0 ? builder.sum(value, summedAxes, true) : value;
  // Along a stretched axis, all elements are equal.
  const times = productOfDims(stretchedAxes.map((axis) => shape[axis]!));
  return times === 1 ? summedValue : builder.mul(summedValue, lengthValue(builder, times));
}

/**
 * Returns the gradient by an operand of `target` shape that was broadcast to `shape`: the sum over the axes along which it was stretched. `local` may itself be
 * smaller than `shape`; the result may be smaller than `target`.
 */
export function reduceTo(builder: Builder, local: Ref, target: Shape, shape: Shape): Ref {
  const rank = shape.length;
  const axes = shape.flatMap((dim, axis) => (dim !== 1 && dimAt(target, axis, rank) === 1 ? [axis] : []));
  const localShape = local.type.shape;
  const extraAxes = rank - target.length;
  const areLeading = axes.every((axis) => axis < extraAxes && localShape[axis] !== 1);
  if (localShape.length === rank && axes.length === extraAxes && areLeading)
    return extraAxes > 0 ? builder.sum(local, axes) : local;
  const summedValue = sumOver(builder, local, axes, shape);
  const surplusAxes = summedValue.type.shape.length - target.length;
  return surplusAxes > 0 ? builder.reshape(summedValue, summedValue.type.shape.slice(surplusAxes)) : summedValue;
}

/** Returns a length as a number, or as a float32 scalar of the graph if it is symbolic: the sum of ones along an axis that has it. */
export function lengthValue(builder: Builder, dim: Dim): Ref | number {
  if (typeof dim === 'number') return dim;
  const lengths = dim.symbol.split('·').map((symbol) => lengthOfSymbol(builder, symbol));
  const product = lengths.reduce((product, length) => builder.mul(product, length));
  return dim.times === 1 ? product : builder.mul(product, dim.times);
}

function lengthOfSymbol(builder: Builder, symbol: string): Ref {
  for (let id = 0; id < builder.nodes.length; id++) {
    const { shape } = builder.nodes[id]!.type;
    const axis = shape.findIndex((dim) => typeof dim !== 'number' && dim.symbol === symbol);
    const otherDims = shape.filter((_, i) => i !== axis);
    if (axis < 0 || otherDims.some((dim) => dim === 0 || (typeof dim !== 'number' && dim.symbol !== symbol))) continue;
    const { times } = shape[axis] as { times: number };
    let lineRef: Ref = { id, type: builder.nodes[id]!.type };
    if (otherDims.length > 0) {
      const [begin, size] = [shape.map(() => 0), shape.map((_, i) => (i === axis ? -1 : 1))];
      lineRef = builder.reshape(builder.slice(lineRef, begin, size), [shape[axis]!]);
    }
    const length = builder.sum(builder.broadcastTo(builder.constant(1), lineRef), [0]);
    return times === 1 ? length : builder.mul(length, 1 / times);
  }
  throw new GraphTypeError(`no value of the graph has the length "${symbol}"`);
}
