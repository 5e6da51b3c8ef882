/**
 * Sums over the neighbours of rows in a graph between two tables. Row r of a table has the rows `neighbours[offsets[r] … offsets[r + 1])`
 * of the other one, and a weight each: `own[r]`, `other[n]`. Neighbours are added in the order they are listed.
 */
import { addScaled } from './row';

/** to[r] ← base[r] + own[r] · Σ other[n] · from[n], of all `rows`. With a base of 0 the sum alone. */
export function sumNeighbours(
  base: usize,
  from: usize,
  to: usize,
  bytes: usize,
  rows: u32,
  offsets: usize,
  neighbours: usize,
  own: usize,
  other: usize,
): void {
  for (let row: u32 = 0; row < rows; row++) {
    const at = <usize>row * bytes;
    sumRow(base ? base + at : 0, from, to + at, bytes, row, offsets, neighbours, own, other, 1);
  }
}

/**
 * The same of rows `codes`, times `share`, each once: of those whose stamp is `now` nothing is done, the others get it.
 */
export function sumNeighboursOf(
  codes: usize,
  count: u32,
  stamps: usize,
  now: u32,
  share: f32,
  base: usize,
  from: usize,
  to: usize,
  bytes: usize,
  offsets: usize,
  neighbours: usize,
  own: usize,
  other: usize,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const code = load<u32>(codes + (i << 2));
    const stamp = stamps + (<usize>code << 2);
    if (load<u32>(stamp) == now) continue;
    store<u32>(stamp, now);
    const at = <usize>code * bytes;
    sumRow(base + at, from, to + at, bytes, code, offsets, neighbours, own, other, share);
  }
}

/** to[n] += own[r] · other[n] · sums[i] for each neighbour n of each row r = unique[i]: what `sumNeighbours` gives where all other rows are 0. */
export function addToNeighbours(
  unique: usize,
  seen: u32,
  sums: usize,
  to: usize,
  bytes: usize,
  offsets: usize,
  neighbours: usize,
  own: usize,
  other: usize,
): void {
  for (let i: u32 = 0; i < seen; i++) {
    const row = <usize>load<u32>(unique + (i << 2));
    const weight = load<f32>(own + (row << 2));
    const end = neighbours + (<usize>load<u32>(offsets + (row << 2), 4) << 2);
    for (let at = neighbours + (<usize>load<u32>(offsets + (row << 2)) << 2); at < end; at += 4) {
      const n = <usize>load<u32>(at);
      addScaled(to + n * bytes, sums, bytes, weight * load<f32>(other + (n << 2)));
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

/** to ← share · (base + own · Σ other · from), 32 numbers at a time in registers, so that a neighbour is read once and nothing is written in between. */
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
  own: usize,
  other: usize,
  share: f32,
): void {
  const begin = neighbours + (<usize>load<u32>(offsets + (<usize>row << 2)) << 2);
  const end = neighbours + (<usize>load<u32>(offsets + (<usize>row << 2), 4) << 2);
  const weight = f32x4.splat(load<f32>(own + (<usize>row << 2)));
  const shares = f32x4.splat(share);
  const zero = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 128 <= bytes; at += 128) {
    let a = zero;
    let b = zero;
    let c = zero;
    let d = zero;
    let e = zero;
    let f = zero;
    let g = zero;
    let h = zero;
    for (let p = begin; p < end; p += 4) {
      const n = <usize>load<u32>(p);
      const w = v128.load32_splat(other + (n << 2));
      const q = from + n * bytes + at;
      a = f32x4.add(a, f32x4.mul(w, v128.load(q)));
      b = f32x4.add(b, f32x4.mul(w, v128.load(q, 16)));
      c = f32x4.add(c, f32x4.mul(w, v128.load(q, 32)));
      d = f32x4.add(d, f32x4.mul(w, v128.load(q, 48)));
      e = f32x4.add(e, f32x4.mul(w, v128.load(q, 64)));
      f = f32x4.add(f, f32x4.mul(w, v128.load(q, 80)));
      g = f32x4.add(g, f32x4.mul(w, v128.load(q, 96)));
      h = f32x4.add(h, f32x4.mul(w, v128.load(q, 112)));
    }
    put(base, to, at, a, weight, shares);
    put(base, to, at + 16, b, weight, shares);
    put(base, to, at + 32, c, weight, shares);
    put(base, to, at + 48, d, weight, shares);
    put(base, to, at + 64, e, weight, shares);
    put(base, to, at + 80, f, weight, shares);
    put(base, to, at + 96, g, weight, shares);
    put(base, to, at + 112, h, weight, shares);
  }
  for (; at + 16 <= bytes; at += 16) {
    let a = zero;
    for (let p = begin; p < end; p += 4) {
      const n = <usize>load<u32>(p);
      a = f32x4.add(a, f32x4.mul(v128.load32_splat(other + (n << 2)), v128.load(from + n * bytes + at)));
    }
    put(base, to, at, a, weight, shares);
  }
  for (; at < bytes; at += 4) {
    let sum: f32 = 0;
    for (let p = begin; p < end; p += 4) {
      const n = <usize>load<u32>(p);
      sum += load<f32>(other + (n << 2)) * load<f32>(from + n * bytes + at);
    }
    const first: f32 = base ? load<f32>(base + at) : 0;
    store<f32>(to + at, share * (first + load<f32>(own + (<usize>row << 2)) * sum));
  }
}

// @ts-ignore: decorator
@inline
function put(base: usize, to: usize, at: usize, sum: v128, weight: v128, shares: v128): void {
  const first = base ? v128.load(base + at) : f32x4.splat(0);
  v128.store(to + at, f32x4.mul(shares, f32x4.add(first, f32x4.mul(weight, sum))));
}
