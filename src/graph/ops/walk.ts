/** Walking row-major arrays of several shapes in step, for `evaluate`. */
import { countElements } from '../dims.ts';

/** Elements between neighbours along each axis. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** For each element of `shape` in order: `offset` plus the sum of its coordinates times `strides`. */
export function offsetsOf(shape: readonly number[], strides: readonly number[], offset = 0): Int32Array {
  const result = new Int32Array(countElements(shape));
  const coordinates = new Array<number>(shape.length).fill(0);
  let position = offset;
  for (let index = 0; index < result.length; index++) {
    result[index] = position;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += strides[axis]!;
      if (++coordinates[axis]! < shape[axis]!) break;
      position -= strides[axis]! * shape[axis]!;
      coordinates[axis] = 0;
    }
  }
  return result;
}

/** Where in an array of `shape` each element of the shape it broadcasts to is found. */
export function broadcastPositions(shape: readonly number[], target: readonly number[]): Int32Array {
  const ownStrides = stridesOf(shape);
  const strides = target.map((_, axis) => {
    const ownAxis = axis - (target.length - shape.length);
    return ownAxis < 0 || shape[ownAxis] === 1 ? 0 : ownStrides[ownAxis]!;
  });
  return offsetsOf(target, strides);
}

/** Where in the reduced array each element of `shape` is added, and how many elements each place gets. */
export function reducedPositions(
  shape: readonly number[],
  axes: readonly number[],
): { places: Int32Array; count: number } {
  const reducedShape = shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const reducedStrides = stridesOf(reducedShape);
  const strides = reducedStrides.map((stride, axis) => (axes.includes(axis) ? 0 : stride));
  return { places: offsetsOf(shape, strides), count: axes.reduce((product, axis) => product * shape[axis]!, 1) };
}
