import { group, touchRows } from './copy';

/**
 * out[i] = Σ table[codes[j]] ÷ divisor, j from offsets[i] to offsets[i + 1]; offsets[0] is 0; divisor is the bag's length for a mean, else 1. `isFar` is true for a
 * table larger than the near caches: its rows are then prefetched a group at a time.
 */
export function gatherPooled(
  table: usize,
  bytes: usize,
  codes: usize,
  offsets: usize,
  count: u32,
  mean: bool,
  isFar: bool,
  out: usize,
): void {
  const last = load<u32>(offsets + (count << 2));
  let prefetched: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const start = load<u32>(offsets + (i << 2));
    const end = load<u32>(offsets + (i << 2), 4);
    if (isFar && end > prefetched) {
      const to = min(last, max(end, prefetched + group));
      touchRows(table, bytes, codes + (prefetched << 2), to - prefetched);
      prefetched = to;
    }
    const divisor: f32 = mean && end > start ? <f32>(end - start) : 1;
    poolBag(table, bytes, codes + (start << 2), codes + (end << 2), divisor, out);
    out += bytes;
  }
}

/** out[i] = Σ shares[j] · table[codes[j]], j from offsets[i] to offsets[i + 1]. `isFar` as above. */
export function gatherWeighted(
  table: usize,
  bytes: usize,
  codes: usize,
  offsets: usize,
  shares: usize,
  count: u32,
  isFar: bool,
  out: usize,
): void {
  const last = load<u32>(offsets + (count << 2));
  let prefetched: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const start = load<u32>(offsets + (i << 2));
    const end = load<u32>(offsets + (i << 2), 4);
    if (isFar && end > prefetched) {
      const to = min(last, max(end, prefetched + group));
      touchRows(table, bytes, codes + (prefetched << 2), to - prefetched);
      prefetched = to;
    }
    weighBag(table, bytes, codes + (start << 2), codes + (end << 2), shares + (start << 2), out);
    out += bytes;
  }
}

/** Sums one bag, a strip of columns at a time. */
// @ts-ignore: decorator
@inline
function weighBag(table: usize, bytes: usize, from: usize, to: usize, shares: usize, out: usize): void {
  const shareDistance = shares - from;
  let byte: usize = 0;
  for (; byte + 64 <= bytes; byte += 64) {
    const strip = table + byte;
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let p = from; p < to; p += 4) {
      const row = strip + <usize>load<u32>(p) * bytes;
      const share = f32x4.splat(load<f32>(p + shareDistance));
      a = f32x4.add(a, f32x4.mul(share, v128.load(row)));
      b = f32x4.add(b, f32x4.mul(share, v128.load(row, 16)));
      c = f32x4.add(c, f32x4.mul(share, v128.load(row, 32)));
      d = f32x4.add(d, f32x4.mul(share, v128.load(row, 48)));
    }
    const target = out + byte;
    v128.store(target, a);
    v128.store(target, b, 16);
    v128.store(target, c, 32);
    v128.store(target, d, 48);
  }
  for (; byte + 16 <= bytes; byte += 16) {
    let a = f32x4.splat(0);
    for (let p = from; p < to; p += 4) {
      const row = table + byte + <usize>load<u32>(p) * bytes;
      a = f32x4.add(a, f32x4.mul(f32x4.splat(load<f32>(p + shareDistance)), v128.load(row)));
    }
    v128.store(out + byte, a);
  }
  for (; byte < bytes; byte += 4) {
    let a: f32 = 0;
    for (let p = from; p < to; p += 4) a += load<f32>(p + shareDistance) * load<f32>(table + byte + <usize>load<u32>(p) * bytes);
    store<f32>(out + byte, a);
  }
}

/** Sums one bag, a strip of columns at a time, so that the sums stay in registers. */
// @ts-ignore: decorator
@inline
function poolBag(table: usize, bytes: usize, from: usize, to: usize, divisor: f32, out: usize): void {
  const divisors = f32x4.splat(divisor);
  let byte: usize = 0;
  for (; byte + 128 <= bytes; byte += 128) {
    const strip = table + byte;
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let e = a;
    let f = a;
    let g = a;
    let h = a;
    for (let p = from; p < to; p += 4) {
      const row = strip + <usize>load<u32>(p) * bytes;
      a = f32x4.add(a, v128.load(row));
      b = f32x4.add(b, v128.load(row, 16));
      c = f32x4.add(c, v128.load(row, 32));
      d = f32x4.add(d, v128.load(row, 48));
      e = f32x4.add(e, v128.load(row, 64));
      f = f32x4.add(f, v128.load(row, 80));
      g = f32x4.add(g, v128.load(row, 96));
      h = f32x4.add(h, v128.load(row, 112));
    }
    const target = out + byte;
    v128.store(target, f32x4.div(a, divisors));
    v128.store(target, f32x4.div(b, divisors), 16);
    v128.store(target, f32x4.div(c, divisors), 32);
    v128.store(target, f32x4.div(d, divisors), 48);
    v128.store(target, f32x4.div(e, divisors), 64);
    v128.store(target, f32x4.div(f, divisors), 80);
    v128.store(target, f32x4.div(g, divisors), 96);
    v128.store(target, f32x4.div(h, divisors), 112);
  }
  for (; byte + 64 <= bytes; byte += 64) {
    const strip = table + byte;
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let p = from; p < to; p += 4) {
      const row = strip + <usize>load<u32>(p) * bytes;
      a = f32x4.add(a, v128.load(row));
      b = f32x4.add(b, v128.load(row, 16));
      c = f32x4.add(c, v128.load(row, 32));
      d = f32x4.add(d, v128.load(row, 48));
    }
    const target = out + byte;
    v128.store(target, f32x4.div(a, divisors));
    v128.store(target, f32x4.div(b, divisors), 16);
    v128.store(target, f32x4.div(c, divisors), 32);
    v128.store(target, f32x4.div(d, divisors), 48);
  }
  for (; byte + 16 <= bytes; byte += 16) {
    let a = f32x4.splat(0);
    for (let p = from; p < to; p += 4) a = f32x4.add(a, v128.load(table + byte + <usize>load<u32>(p) * bytes));
    v128.store(out + byte, f32x4.div(a, divisors));
  }
  for (; byte < bytes; byte += 4) {
    let a: f32 = 0;
    for (let p = from; p < to; p += 4) a += load<f32>(table + byte + <usize>load<u32>(p) * bytes);
    store<f32>(out + byte, a / divisor);
  }
}
