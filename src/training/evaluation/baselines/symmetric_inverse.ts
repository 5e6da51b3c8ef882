import type { Matrix, Product } from '../../scoring/matrix_product.ts';

/**
 * Returns the inverse of a symmetric positive definite matrix, row-major [size, size], by its Cholesky factor: M = L Lᵀ, M⁻¹ = L⁻ᵀ L⁻¹. It takes about size³
 * multiplications.
 */
export function symmetricInverse(matrix: Float64Array, size: number): Float64Array {
  const lower = choleskyFactor(matrix, size);
  const inverted = lowerInverse(lower, size);
  const inverseMatrix = new Float64Array(size * size);
  // Row k of L⁻¹ adds its outer product. The rows are read in order, which suits the cache.
  for (let k = 0; k < size; k++) {
    for (let i = 0; i <= k; i++) {
      const factor = inverted[k * size + i]!;
      if (factor === 0) continue;
      const rowStart = i * size;
      for (let j = 0; j <= i; j++) inverseMatrix[rowStart + j]! += factor * inverted[k * size + j]!;
    }
  }
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) inverseMatrix[j * size + i] = inverseMatrix[i * size + j]!;
  return inverseMatrix;
}

function choleskyFactor(matrix: Float64Array, size: number): Float64Array {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      lower[i * size + j] = i === j ? Math.sqrt(sum) : sum / lower[j * size + j]!;
    }
  }
  return lower;
}

/** Returns L⁻¹, lower triangular, by forward substitution row by row. */
function lowerInverse(lower: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const rowStart = i * size;
    for (let k = 0; k < i; k++) {
      const factor = lower[rowStart + k]!;
      if (factor === 0) continue;
      for (let j = 0; j <= k; j++) inverse[rowStart + j]! -= factor * inverse[k * size + j]!;
    }
    const pivot = lower[rowStart + i]!;
    for (let j = 0; j < i; j++) inverse[rowStart + j]! /= pivot;
    inverse[rowStart + i] = 1 / pivot;
  }
  return inverse;
}

/**
 * The lower triangle of a symmetric matrix in strips of rows. Strip i has `tile` rows (the last one may have fewer), from the first column to the end of its
 * own diagonal tile.
 */
interface Strips {
  readonly size: number;
  readonly tile: number;
  readonly strips: Float32Array[];
}

export function makeStrips(size: number, tile: number): Strips {
  const strips = Array.from({ length: Math.ceil(size / tile) }, (_, index) => {
    const stripEnd = Math.min(size, (index + 1) * tile);
    return new Float32Array((stripEnd - index * tile) * stripEnd);
  });
  return { size, tile, strips };
}

export function addTo({ size, tile, strips }: Strips, row: number, column: number, value: number): void {
  const stripIndex = Math.floor(row / tile);
  strips[stripIndex]![(row - stripIndex * tile) * Math.min(size, (stripIndex + 1) * tile) + column]! += value;
}

/** Widest tile that is inverted in double precision, by plain code. */
const plainTile = 128;

/**
 * Replaces a symmetric positive definite matrix by minus its inverse, tile by tile: with the inverse P of the pivot and its column C, A ← A − C P Cᵀ elsewhere,
 * C ← C P, and the pivot becomes −P; after all tiles this is −A⁻¹ (Goodnight, "A tutorial on the SWEEP operator", The American Statistician 1979). Only the
 * lower triangle is computed: about size³ ÷ 2 multiplications, in products whose inner dimension is `tile`.
 */
export async function invertStrips(matrix: Strips, product: Product): Promise<void> {
  const { size, tile: maxTile, strips } = matrix;
  const zeroBlock = new Float32Array(maxTile * maxTile);
  const columnMemory = new Float32Array(size * maxTile);
  for (let pivot = 0; pivot < strips.length; pivot++) {
    const [begin, end] = rowsOf(matrix, pivot);
    const tileWidth = end - begin;
    const pivotColumn = columnMemory.subarray(0, size * tileWidth);
    readColumn(matrix, pivot, pivotColumn);
    const inverse = await tileInverse(pivotColumn.slice(begin * tileWidth, end * tileWidth), tileWidth, product);
    // The rows of the pivot in C become 0, so that the products do not change their entries.
    pivotColumn.fill(0, begin * tileWidth, end * tileWidth);
    const negativeInverse: Matrix = { rows: tileWidth, columns: tileWidth, data: inverse.map((value) => -value) };
    const sweptColumn: Float32Array[] = [];
    for (let index = 0; index < strips.length; index++) {
      if (index === pivot) {
        sweptColumn.push(negativeInverse.data);
        continue;
      }
      const [first, last] = rowsOf(matrix, index);
      const rows = last - first;
      const ownColumn = { rows, columns: tileWidth, data: pivotColumn.subarray(first * tileWidth, last * tileWidth) };
      const zeroStart = { rows, columns: tileWidth, data: zeroBlock.subarray(0, rows * tileWidth) };
      const scaledColumn = await product.subtract(zeroStart, ownColumn, negativeInverse);
      sweptColumn.push(scaledColumn);
      strips[index] = await product.subtract(
        { rows, columns: last, data: strips[index]! },
        { rows, columns: tileWidth, data: scaledColumn },
        { rows: last, columns: tileWidth, data: pivotColumn.subarray(0, last * tileWidth) },
      );
    }
    writeColumn(matrix, pivot, sweptColumn);
  }
}

const rowsOf = ({ size, tile }: Strips, stripIndex: number): readonly [number, number] => [
  stripIndex * tile,
  Math.min(size, (stripIndex + 1) * tile),
];

async function tileInverse(data: Float32Array, size: number, product: Product): Promise<Float32Array> {
  if (size <= plainTile) return Float32Array.from(symmetricInverse(Float64Array.from(data), size));
  const innerStrips = makeStrips(size, evenTile(size, plainTile));
  innerStrips.strips.forEach((strip, index) => {
    const [first, last] = rowsOf(innerStrips, index);
    for (let row = first; row < last; row++) {
      strip.set(data.subarray(row * size, row * size + last), (row - first) * last);
    }
  });
  await invertStrips(innerStrips, product);
  const rowOf = invertedRows(innerStrips);
  const inverse = new Float32Array(size * size);
  for (let row = 0; row < size; row++) inverse.set(rowOf(row), row * size);
  return inverse;
}

/** Returns a number of rows per tile, at most `maxTile`, with which all tiles but the last are equally large. */
export const evenTile = (size: number, maxTile: number): number => Math.ceil(size / Math.ceil(size / maxTile));

/** Copies column tile `pivot` of the whole matrix, [size, width of the tile]. The part above the diagonal follows from symmetry. */
function readColumn(matrix: Strips, pivot: number, target: Float32Array): void {
  const [begin, end] = rowsOf(matrix, pivot);
  const tileWidth = end - begin;
  transpose(matrix.strips[pivot]!, end, target, tileWidth, tileWidth, begin);
  for (let index = pivot; index < matrix.strips.length; index++) {
    const [first, last] = rowsOf(matrix, index);
    const strip = matrix.strips[index]!;
    for (let row = first; row < last; row++) {
      const pieceStart = (row - first) * last + begin;
      target.set(strip.subarray(pieceStart, pieceStart + tileWidth), row * tileWidth);
    }
  }
}

/** @param column its rows in each strip, [rows of the strip, width of the tile] */
function writeColumn(matrix: Strips, pivot: number, column: readonly Float32Array[]): void {
  const [begin, end] = rowsOf(matrix, pivot);
  const tileWidth = end - begin;
  column.forEach((source, index) => {
    const [first, last] = rowsOf(matrix, index);
    if (index < pivot) {
      transpose(source, tileWidth, matrix.strips[pivot]!.subarray(first), end, last - first, tileWidth);
      return;
    }
    const strip = matrix.strips[index]!;
    for (let row = first; row < last; row++) {
      const pieceStart = (row - first) * tileWidth;
      strip.set(source.subarray(pieceStart, pieceStart + tileWidth), (row - first) * last + begin);
    }
  });
}

export type RowOf = (row: number) => Float32Array | Float64Array;

/**
 * Returns a reader of the rows of the inverse, from the strips that `invertStrips` leaves. Removes the strips one by one, so that memory holds at most the
 * whole matrix and one strip.
 */
export function invertedRows(matrix: Strips): RowOf {
  const { size, tile: maxTile, strips } = matrix;
  const blocks: Float32Array[] = [];
  for (let index = strips.length - 1; index >= 0; index--) {
    const strip = strips.pop()!;
    const [first, last] = rowsOf(matrix, index);
    const block = new Float32Array((last - first) * size);
    blocks[index] = block;
    for (let row = 0; row < last - first; row++) {
      for (let column = 0; column < last; column++) block[row * size + column] = 0 - strip[row * last + column]!;
    }
    // Entries right of the diagonal tile are copied, by symmetry, from below it in the finished blocks.
    for (let below = index + 1; below < blocks.length; below++) {
      const [begin, end] = rowsOf(matrix, below);
      transpose(blocks[below]!.subarray(first), size, block.subarray(begin), size, end - begin, last - first);
    }
  }
  return (row) => {
    const stripIndex = Math.floor(row / maxTile);
    return blocks[stripIndex]!.subarray((row - stripIndex * maxTile) * size, (row - stripIndex * maxTile + 1) * size);
  };
}

/** Rows and columns moved at a time, so that their cache lines stay in the cache until all of them are used. */
const block = 16;

/** target[column][row] = source[row][column]. The strides are the lengths of the rows. */
function transpose(
  source: Float32Array,
  sourceStride: number,
  target: Float32Array,
  targetStride: number,
  rows: number,
  columns: number,
): void {
  for (let top = 0; top < rows; top += block) {
    const bottom = Math.min(rows, top + block);
    for (let left = 0; left < columns; left += block) {
      const right = Math.min(columns, left + block);
      for (let column = left; column < right; column++) {
        for (let row = top; row < bottom; row++) {
          target[column * targetStride + row] = source[row * sourceStride + column]!;
        }
      }
    }
  }
}
