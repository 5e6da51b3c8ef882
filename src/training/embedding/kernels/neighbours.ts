/**
 * Sums over the neighbours of rows in a graph between two tables. The neighbours of row r of a table are the rows `neighbours[offsets[r] … offsets[r + 1])` of
 * the other table. Row r has the weight `ownWeights[r]`, and its neighbour n has `otherWeights[n]`. Neighbours are added in the order in which they are listed.
 */
import { addScaled } from './row';

/**
 * to[r] ← base[r] + ownWeights[r] · Σ otherWeights[n] · from[n], for all `rows`. If the pointer `base` is 0, only the sum. Computes a strip of columns for all rows before
 * the next strip, so that the strip of the other table stays in the cache.
 */
export function sumNeighbours(
  base: usize,
  from: usize,
  to: usize,
  bytes: usize,
  rows: u32,
  offsets: usize,
  neighbours: usize,
  ownWeights: usize,
  otherWeights: usize,
): void {
  let byte: usize = 0;
  for (; byte + stripBytes <= bytes; byte += stripBytes) {
    for (let row: u32 = 0; row < rows; row++) {
      const rowOffset = <usize>row * bytes;
      sumColumns(base ? base + rowOffset : 0, from, to + rowOffset, bytes, byte, row, offsets, neighbours, ownWeights, otherWeights, 1);
    }
  }
  if (byte == bytes) return;
  for (let row: u32 = 0; row < rows; row++) {
    const rowOffset = <usize>row * bytes;
    sumRow(base ? base + rowOffset : 0, from, to + rowOffset, bytes, row, offsets, neighbours, ownWeights, otherWeights, 1, byte);
  }
}

/** Bytes of a row that are summed at a time. */
const stripBytes: usize = 64;

/** Does the same for the rows `codes`, times `scale`. A row that occurs again is skipped: its stamp is then already `stampNow`. */
export function sumNeighboursOf(
  codes: usize,
  count: u32,
  stamps: usize,
  stampNow: u32,
  scale: f32,
  base: usize,
  from: usize,
  to: usize,
  bytes: usize,
  offsets: usize,
  neighbours: usize,
  ownWeights: usize,
  otherWeights: usize,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const code = load<u32>(codes + (i << 2));
    const stamp = stamps + (<usize>code << 2);
    if (load<u32>(stamp) == stampNow) continue;
    store<u32>(stamp, stampNow);
    const rowOffset = <usize>code * bytes;
    sumRow(base + rowOffset, from, to + rowOffset, bytes, code, offsets, neighbours, ownWeights, otherWeights, scale, 0);
  }
}

/** to[n] += ownWeights[r] · otherWeights[n] · sums[i] for each neighbour n of each row r = unique[i]. This is the result of `sumNeighbours` if all other rows are 0. */
export function addToNeighbours(
  unique: usize,
  seen: u32,
  sums: usize,
  to: usize,
  bytes: usize,
  offsets: usize,
  neighbours: usize,
  ownWeights: usize,
  otherWeights: usize,
): void {
  for (let i: u32 = 0; i < seen; i++) {
    const row = <usize>load<u32>(unique + (i << 2));
    const weight = load<f32>(ownWeights + (row << 2));
    const end = neighbours + (<usize>load<u32>(offsets + (row << 2), 4) << 2);
    for (let p = neighbours + (<usize>load<u32>(offsets + (row << 2)) << 2); p < end; p += 4) {
      const n = <usize>load<u32>(p);
      addScaled(to + n * bytes, sums, bytes, weight * load<f32>(otherWeights + (n << 2)));
    }
    sums += bytes;
  }
}

/** to[unique[i]] += factor · sums[i] */
export function addRows(unique: usize, seen: u32, sums: usize, to: usize, bytes: usize, factor: f32): void {
  for (let i: u32 = 0; i < seen; i++) {
    addScaled(to + <usize>load<u32>(unique + (i << 2)) * bytes, sums, bytes, factor);
    sums += bytes;
  }
}

/** numbers ← factor · numbers */
export function scale(numbers: usize, count: u32, factor: f32): void {
  const factors = f32x4.splat(factor);
  const end = numbers + (<usize>count << 2);
  for (; numbers + 16 <= end; numbers += 16) v128.store(numbers, f32x4.mul(v128.load(numbers), factors));
  for (; numbers < end; numbers += 4) store<f32>(numbers, load<f32>(numbers) * factor);
}

/** to ← scale · (base + ownWeights · Σ otherWeights · from), from byte `byte` of the row on. */
// @ts-ignore: decorator
@inline
function sumRow(
  base: usize,
  from: usize,
  to: usize,
  bytes: usize,
  row: u32,
  offsets: usize,
  neighbours: usize,
  ownWeights: usize,
  otherWeights: usize,
  scale: f32,
  byte: usize,
): void {
  for (; byte + stripBytes <= bytes; byte += stripBytes) {
    sumColumns(base, from, to, bytes, byte, row, offsets, neighbours, ownWeights, otherWeights, scale);
  }
  const begin = neighbours + (<usize>load<u32>(offsets + (<usize>row << 2)) << 2);
  const end = neighbours + (<usize>load<u32>(offsets + (<usize>row << 2), 4) << 2);
  const weight = load<f32>(ownWeights + (<usize>row << 2));
  for (; byte + 16 <= bytes; byte += 16) {
    let a = f32x4.splat(0);
    for (let p = begin; p < end; p += 4) {
      const n = <usize>load<u32>(p);
      a = f32x4.add(a, f32x4.mul(v128.load32_splat(otherWeights + (n << 2)), v128.load(from + n * bytes + byte)));
    }
    storeSum(base, to, byte, a, f32x4.splat(weight), f32x4.splat(scale));
  }
  for (; byte < bytes; byte += 4) {
    let sum: f32 = 0;
    for (let p = begin; p < end; p += 4) {
      const n = <usize>load<u32>(p);
      sum += load<f32>(otherWeights + (n << 2)) * load<f32>(from + n * bytes + byte);
    }
    const first: f32 = base ? load<f32>(base + byte) : 0;
    store<f32>(to + byte, scale * (first + weight * sum));
  }
}

/** Computes the same for the columns in `stripBytes` bytes from `byte`. The sums stay in registers, so nothing is written in between. */
// @ts-ignore: decorator
@inline
function sumColumns(
  base: usize,
  from: usize,
  to: usize,
  bytes: usize,
  byte: usize,
  row: u32,
  offsets: usize,
  neighbours: usize,
  ownWeights: usize,
  otherWeights: usize,
  scale: f32,
): void {
  const begin = neighbours + (<usize>load<u32>(offsets + (<usize>row << 2)) << 2);
  const end = neighbours + (<usize>load<u32>(offsets + (<usize>row << 2), 4) << 2);
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (let p = begin; p < end; p += 4) {
    const n = <usize>load<u32>(p);
    const w = v128.load32_splat(otherWeights + (n << 2));
    const q = from + n * bytes + byte;
    a = f32x4.add(a, f32x4.mul(w, v128.load(q)));
    b = f32x4.add(b, f32x4.mul(w, v128.load(q, 16)));
    c = f32x4.add(c, f32x4.mul(w, v128.load(q, 32)));
    d = f32x4.add(d, f32x4.mul(w, v128.load(q, 48)));
  }
  const weight = f32x4.splat(load<f32>(ownWeights + (<usize>row << 2)));
  const scales = f32x4.splat(scale);
  storeSum(base, to, byte, a, weight, scales);
  storeSum(base, to, byte + 16, b, weight, scales);
  storeSum(base, to, byte + 32, c, weight, scales);
  storeSum(base, to, byte + 48, d, weight, scales);
}

// @ts-ignore: decorator
@inline
function storeSum(base: usize, to: usize, byte: usize, sum: v128, weight: v128, scales: v128): void {
  const first = base ? v128.load(base + byte) : f32x4.splat(0);
  v128.store(to + byte, f32x4.mul(scales, f32x4.add(first, f32x4.mul(weight, sum))));
}
