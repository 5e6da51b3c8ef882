/** Gradients may have any shape that broadcasts to their value's: brings one to a shape, touching as few elements as can be. */
import { dimAt, elementsOf, GraphTypeError, type Shape, sameShape } from './dims.ts';
import type { Builder, Dim, Ref } from './graph.ts';

/** `gradient` in exactly the shape of `like`. */
export function materialize(builder: Builder, gradient: Ref, like: Ref): Ref {
  return sameShape(gradient.type.shape, like.type.shape) ? gradient : builder.broadcastTo(gradient, like);
}

/** Returns the value with leading axes of length 1 up to `rank`. */
export function alignRank(builder: Builder, value: Ref, rank: number): Ref {
  const missing = rank - value.type.shape.length;
  if (missing <= 0) return value;
  return builder.reshape(value, [...new Array<Dim>(missing).fill(1), ...value.type.shape]);
}

/** Sum over `axes` of a value that broadcasts to `shape`; the axes stay, with length 1. */
export function sumOver(builder: Builder, value: Ref, axes: readonly number[], shape: Shape): Ref {
  const rank = shape.length;
  const missing = rank - value.type.shape.length;
  const stretched = axes.filter((axis) => dimAt(value.type.shape, axis, rank) === 1);
  const summed = axes.filter((axis) => !stretched.includes(axis)).map((axis) => axis - missing);
  const sum = summed.length > 0 ? builder.sum(value, summed, true) : value;
  return timesLength(
    builder,
    sum,
    stretched.map((axis) => shape[axis]!),
  );
}

/**
 * The gradient by an operand of `target` shape that was broadcast to `shape`: summed over the axes along which it was
 * stretched. `local` may itself still be smaller than `shape`; the result may be smaller than `target`.
 */
export function reduceTo(builder: Builder, local: Ref, target: Shape, shape: Shape): Ref {
  const rank = shape.length;
  const axes = shape.flatMap((dim, axis) => (dim !== 1 && dimAt(target, axis, rank) === 1 ? [axis] : []));
  const localShape = local.type.shape;
  const extra = rank - target.length;
  if (
    localShape.length === rank &&
    axes.length === extra &&
    axes.every((axis) => axis < extra && localShape[axis] !== 1)
  ) {
    return extra > 0 ? builder.sum(local, axes) : local;
  }
  const sum = sumOver(builder, local, axes, shape);
  const surplus = sum.type.shape.length - target.length;
  return surplus > 0 ? builder.reshape(sum, sum.type.shape.slice(surplus)) : sum;
}

/**
 * A length as a number, or as a float32 scalar of the graph where it is symbolic: ones summed along an axis that has it.
 */
export function lengthOf(builder: Builder, dim: Dim): Ref | number {
  if (typeof dim === 'number') return dim;
  const lengths = dim.symbol.split('·').map((symbol) => lengthOfSymbol(builder, symbol));
  const product = lengths.reduce((product, length) => builder.mul(product, length));
  return dim.times === 1 ? product : builder.mul(product, dim.times);
}

function lengthOfSymbol(builder: Builder, symbol: string): Ref {
  for (let id = 0; id < builder.nodes.length; id++) {
    const { shape } = builder.nodes[id]!.type;
    const axis = shape.findIndex((dim) => typeof dim !== 'number' && dim.symbol === symbol);
    const otherDims = shape.filter((_, other) => other !== axis);
    if (axis < 0 || otherDims.some((dim) => dim === 0 || (typeof dim !== 'number' && dim.symbol !== symbol))) continue;
    const { times } = shape[axis] as { times: number };
    let line: Ref = { id, type: builder.nodes[id]!.type };
    if (otherDims.length > 0) {
      const size = shape.map((_, other) => (other === axis ? -1 : 1));
      line = builder.slice(
        line,
        shape.map(() => 0),
        size,
      );
      line = builder.reshape(line, [shape[axis]!]);
    }
    const length = builder.sum(builder.broadcastTo(builder.constant(1), line), [0]);
    return times === 1 ? length : builder.mul(length, 1 / times);
  }
  throw new GraphTypeError(`no value of the graph has the length "${symbol}"`);
}

/** `value` times a product of lengths. */
function timesLength(builder: Builder, value: Ref, dims: readonly Dim[]): Ref {
  const length = elementsOf(dims);
  return length === 1 ? value : builder.mul(value, lengthOf(builder, length));
}
