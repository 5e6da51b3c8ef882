import type { Matrix, Product } from '../../scoring/product.ts';
import { symmetricInverse } from './symmetric_inverse.ts';

/**
 * The lower triangle of a symmetric matrix in strips of rows: strip i holds `tile` rows, from the first column to the end of its own
 * diagonal tile. Rows past `size` are those of the identity.
 */
export interface Strips {
  readonly size: number;
  readonly tile: number;
  readonly strips: Float32Array[];
}

export function makeStrips(size: number, tile: number): Strips {
  const strips = Array.from({ length: Math.ceil(size / tile) }, (_, at) => new Float32Array(tile * (at + 1) * tile));
  const made = { size, tile, strips };
  for (let row = size; row < strips.length * tile; row++) addTo(made, row, row, 1);
  return made;
}

/** Adds to an entry on or below the diagonal. */
export function addTo({ tile, strips }: Strips, row: number, column: number, value: number): void {
  const at = Math.floor(row / tile);
  strips[at]![(row - at * tile) * (at + 1) * tile + column]! += value;
}

/** Widest tile that is inverted in double precision, by plain code. */
const plainTile = 128;

/**
 * Replaces a symmetric positive definite matrix by its inverse. It sweeps tile by tile: with the pivot's inverse P and its column C,
 * A ← A − C P Cᵀ elsewhere, C ← C P, and −P in its place; after all tiles this is −A⁻¹ (Goodnight, "A tutorial on the SWEEP
 * operator", The American Statistician 1979). Only the lower triangle is computed: about size³ ÷ 2 products.
 */
export async function invertStrips({ tile, strips }: Strips, product: Product): Promise<void> {
  const count = strips.length;
  const rows = count * tile;
  const zeros: Matrix = { rows, columns: tile, data: new Float32Array(rows * tile) };
  const column: Matrix = { rows, columns: tile, data: new Float32Array(rows * tile) };
  for (let pivot = 0; pivot < count; pivot++) {
    readColumn(strips, tile, pivot, column.data);
    const inverse = await tileInverse(column.data.slice(pivot * tile * tile, (pivot + 1) * tile * tile), tile, product);
    column.data.fill(0, pivot * tile * tile, (pivot + 1) * tile * tile);
    const minus = { rows: tile, columns: tile, data: inverse.map((value) => -value) };
    const swept = await product.subtract(zeros, column, minus);
    for (let at = 0; at < count; at++) {
      if (at === pivot) continue;
      const width = (at + 1) * tile;
      const start = { rows: tile, columns: width, data: strips[at]! };
      const own = { rows: tile, columns: tile, data: swept.subarray(at * tile * tile, (at + 1) * tile * tile) };
      const others = { rows: width, columns: tile, data: column.data.subarray(0, width * tile) };
      strips[at] = await product.subtract(start, own, others);
    }
    swept.set(minus.data, pivot * tile * tile);
    writeColumn(strips, tile, pivot, swept);
  }
  for (const strip of strips) for (let i = 0; i < strip.length; i++) strip[i] = -strip[i]!;
}

async function tileInverse(data: Float32Array, size: number, product: Product): Promise<Float32Array> {
  if (size <= plainTile || size % plainTile !== 0) {
    return Float32Array.from(symmetricInverse(Float64Array.from(data), size));
  }
  const inner = makeStrips(size, plainTile);
  inner.strips.forEach((strip, at) => {
    const width = (at + 1) * plainTile;
    for (let row = 0; row < plainTile; row++) {
      const from = (at * plainTile + row) * size;
      strip.set(data.subarray(from, from + width), row * width);
    }
  });
  await invertStrips(inner, product);
  return fullMatrix(inner);
}

/** Column tile `pivot` of the whole matrix, [rows, tile]: above the diagonal by symmetry. */
function readColumn(strips: readonly Float32Array[], tile: number, pivot: number, target: Float32Array): void {
  const width = (pivot + 1) * tile;
  transpose(strips[pivot]!, width, target, tile, tile, pivot * tile);
  for (let at = pivot; at < strips.length; at++) {
    const [strip, length] = [strips[at]!, (at + 1) * tile];
    for (let row = 0; row < tile; row++) {
      const from = row * length + pivot * tile;
      target.set(strip.subarray(from, from + tile), (at * tile + row) * tile);
    }
  }
}

function writeColumn(strips: readonly Float32Array[], tile: number, pivot: number, source: Float32Array): void {
  const width = (pivot + 1) * tile;
  transpose(source, tile, strips[pivot]!, width, pivot * tile, tile);
  for (let at = pivot; at < strips.length; at++) {
    const [strip, length] = [strips[at]!, (at + 1) * tile];
    for (let row = 0; row < tile; row++) {
      const from = (at * tile + row) * tile;
      strip.set(source.subarray(from, from + tile), row * length + pivot * tile);
    }
  }
}

/** All of it, row-major [size, size]. Empties the strips, so that their memory is free as soon as it has been read. */
export function fullMatrix({ size, tile, strips }: Strips): Float32Array {
  const full = new Float32Array(size * size);
  for (let at = strips.length - 1; at >= 0; at--) {
    const strip = strips.pop()!;
    const width = (at + 1) * tile;
    const last = Math.min(size, width);
    for (let row = at * tile; row < last; row++) {
      const from = (row - at * tile) * width;
      full.set(strip.subarray(from, from + last), row * size);
    }
    transpose(strip, width, full.subarray(at * tile), size, last - at * tile, at * tile);
  }
  return full;
}

/** Entries moved at a time, in both directions: their cache lines stay near until all of them are used. */
const block = 16;

/** target[column][row] = source[row][column] for as many rows and columns, of rows that are `stride` long. */
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
