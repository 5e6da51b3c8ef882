/** Arithmetic of shapes whose lengths may be symbols. Only equal symbols match; nothing is guessed. */
import type { Dim, SymbolicDim, TensorType } from './graph.ts';

/** Thrown for operands that do not fit an op. The message is in terms of the graph: `MatMul: …`. */
export class GraphTypeError extends Error {}

export type Shape = readonly Dim[];

/** The lengths of symbols in one run: `{ batch: 1024 }`. */
export type Sizes = Readonly<Record<string, number>>;

/** Returns a symbolic length: `symbolic('batch', 4)` is printed `4·batch`. */
export function symbolicDim(symbol: string, times = 1): SymbolicDim {
  return { symbol, times };
}

export function sameDim(a: Dim, b: Dim): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.symbol === b.symbol && a.times === b.times;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => sameDim(dim, b[axis]!));
}

export function sameType(a: TensorType, b: TensorType): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}

export function printDim(dim: Dim): string {
  if (typeof dim === 'number') return String(dim);
  return dim.times === 1 ? dim.symbol : `${dim.times}·${dim.symbol}`;
}

/** Returns a text such as `[batch, 64]`. */
export function printShape(shape: Shape): string {
  return `[${shape.map(printDim).join(', ')}]`;
}

/** Returns a text such as `float32[batch, 64]`. */
export function printType(type: TensorType): string {
  return `${type.dtype}${printShape(type.shape)}`;
}

/**
 * Returns the number of elements of a shape as one length. A product of symbols is a symbol too, with its factors in order of name: `[batch, 4, batch]` has
 * `4·batch·batch`.
 */
export function productOfDims(shape: Shape): Dim {
  let times = 1;
  const symbols: string[] = [];
  for (const dim of shape) {
    if (typeof dim === 'number') times *= dim;
    else {
      times *= dim.times;
      symbols.push(...dim.symbol.split('·'));
    }
  }
  if (symbols.length === 0 || times === 0) return times;
  return { symbol: symbols.sort().join('·'), times };
}

/** Returns the length of two concatenated pieces; undefined if it cannot be written as one length. */
export function addDims(a: Dim, b: Dim): Dim | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  if (typeof a === 'number' || typeof b === 'number' || a.symbol !== b.symbol) return undefined;
  return { symbol: a.symbol, times: a.times + b.times };
}

/** Returns the shape that two shapes broadcast to, as in NumPy: they are aligned at their ends, and a length of 1 stretches. */
export function broadcastShapes(a: Shape, b: Shape): Dim[] {
  const rank = Math.max(a.length, b.length);
  const resultShape: Dim[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const leftDim = dimAt(a, axis, rank);
    const rightDim = dimAt(b, axis, rank);
    if (sameDim(leftDim, rightDim) || rightDim === 1) resultShape.push(leftDim);
    else if (leftDim === 1) resultShape.push(rightDim);
    else {
      throw new GraphTypeError(
        `${printShape(a)} and ${printShape(b)} do not go together: ${printDim(leftDim)} against ${printDim(rightDim)}`,
      );
    }
  }
  return resultShape;
}

/** True if `shape` broadcasts to exactly `target`. */
export function broadcastsTo(shape: Shape, target: Shape): boolean {
  if (shape.length > target.length) return false;
  return target.every((dim, axis) => {
    const ownDim = dimAt(shape, axis, target.length);
    return ownDim === 1 || sameDim(ownDim, dim);
  });
}

/** Returns the length along `axis` of a shape that is extended to `rank` axes: 1 for an axis that it does not have. */
export function dimAt(shape: Shape, axis: number, rank: number): Dim {
  return shape[axis - (rank - shape.length)] ?? 1;
}

function resolveDim(dim: Dim, sizes: Sizes): number {
  if (typeof dim === 'number') return dim;
  let resolved = dim.times;
  for (const symbol of dim.symbol.split('·')) {
    const size = sizes[symbol];
    if (size === undefined) throw new GraphTypeError(`the length "${symbol}" is not known`);
    resolved *= size;
  }
  return resolved;
}

export function resolveShape(shape: Shape, sizes: Sizes): number[] {
  return shape.map((dim) => resolveDim(dim, sizes));
}

/** Binds symbols by the actual shape of one input. Throws GraphTypeError for a contradiction. */
export function bindShape(
  name: string,
  declared: Shape,
  actual: readonly number[],
  sizes: Record<string, number>,
): void {
  const rejectShape = (): never => {
    throw new GraphTypeError(`input "${name}" is ${printShape(declared)}, but was given ${printShape(actual)}`);
  };
  if (declared.length !== actual.length) rejectShape();
  declared.forEach((dim, axis) => {
    const length = actual[axis]!;
    if (typeof dim === 'number') {
      if (dim !== length) rejectShape();
      return;
    }
    const size = length / dim.times;
    if (!Number.isInteger(size)) rejectShape();
    const knownSize = sizes[dim.symbol];
    if (knownSize !== undefined && knownSize !== size) {
      throw new GraphTypeError(
        `input "${name}" is given ${printShape(actual)}, but ${dim.symbol} is ${knownSize} in another input`,
      );
    }
    sizes[dim.symbol] = size;
  });
}

export function countElements(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
