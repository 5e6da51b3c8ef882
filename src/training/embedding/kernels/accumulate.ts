import { copyRow, group, touchRows } from './copy';
import { addScaled } from './row';

/**
 * Adds up the gradients of all lookups of a step for each row that occurs. `slots[row]` is the index of the row in `unique`, and of its sum; it is valid only
 * if `unique` has the row there, so `slots` needs no clearing between steps (Briggs & Torczon 1993, sparse sets).
 */

/**
 * Replaces codes by slots, in place. Rows that are new in this step are appended to `unique` in the order in which they occur, and their sums start at zero.
 * Returns the number of rows seen. `unique` must hold no row beyond `seen` (see `forget`), and `slots` no index beyond the end of `unique`.
 *
 * The branch is on purpose: a processor predicts it, and so knows the addresses of the next stores before the loads have arrived. Without it, cache misses of
 * different rows do not overlap (three times slower on large tables).
 */
export function resolve(
  codes: usize,
  count: u32,
  slots: usize,
  unique: usize,
  seen: u32,
  sums: usize,
  bytes: usize,
): u32 {
  const seenBefore: usize = seen;
  for (let start: u32 = 0; start < count; start += group) {
    const groupCount = min(group, count - start);
    touchRows(slots, 4, codes, groupCount);
    for (const end = codes + (groupCount << 2); codes < end; codes += 4) {
      const code = load<u32>(codes);
      const slotAddress = slots + (<usize>code << 2);
      let slot = load<u32>(slotAddress);
      if (load<u32>(unique + (slot << 2)) != code) {
        slot = seen++;
        store<u32>(slotAddress, slot);
        store<u32>(unique + (slot << 2), code);
      }
      store<u32>(codes, slot);
    }
  }
  memory.fill(sums + seenBefore * bytes, 0, (<usize>seen - seenBefore) * bytes);
  return seen;
}

/**
 * Does the same for one code per row, and computes the sums too: the gradients of the `count` rows are stored where the next sums begin, and are compacted
 * there. If no row occurs twice, nothing is moved.
 */
export function resolveOne(
  codes: usize,
  count: u32,
  slots: usize,
  unique: usize,
  seen: u32,
  sums: usize,
  bytes: usize,
): u32 {
  let gradient = sums + <usize>seen * bytes;
  for (let start: u32 = 0; start < count; start += group) {
    const groupCount = min(group, count - start);
    touchRows(slots, 4, codes, groupCount);
    for (const end = codes + (groupCount << 2); codes < end; codes += 4) {
      const code = load<u32>(codes);
      const slotAddress = slots + (<usize>code << 2);
      const slot = load<u32>(slotAddress);
      if (load<u32>(unique + (slot << 2)) != code) {
        store<u32>(slotAddress, seen);
        store<u32>(unique + (seen << 2), code);
        const sum = sums + <usize>seen * bytes;
        seen++;
        if (sum != gradient) copyRow(gradient, sum, bytes);
      } else addRow(sums + <usize>slot * bytes, gradient, bytes);
      gradient += bytes;
    }
  }
  return seen;
}

/** Fills the first `count` entries of `unique` with a value that is no row. */
export function forget(unique: usize, count: u32): void {
  memory.fill(unique, 0xff, count << 2);
}

/** sums[slots[offsets[i] + j]] += gradient[i, j], for a gradient with `length` elements per bag. */
export function scatterSequence(
  sums: usize,
  bytes: usize,
  slots: usize,
  offsets: usize,
  count: u32,
  length: usize,
  gradient: usize,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const start: usize = load<u32>(offsets + (i << 2));
    const elements: usize = <usize>load<u32>(offsets + (i << 2), 4) - start;
    for (let j: usize = 0; j < elements; j++) {
      addRow(sums + <usize>load<u32>(slots + ((start + j) << 2)) * bytes, gradient + j * bytes, bytes);
    }
    gradient += length * bytes;
  }
}

/** sums[slots[j]] += gradient[i] ÷ divisor for every element j of bag i; divisor as in `gatherPooled`. */
export function scatterPooled(
  sums: usize,
  bytes: usize,
  slots: usize,
  offsets: usize,
  count: u32,
  mean: bool,
  gradient: usize,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const start = load<u32>(offsets + (i << 2));
    const end = load<u32>(offsets + (i << 2), 4);
    const divisor: f32 = mean && end > start ? <f32>(end - start) : 1;
    scatterBag(sums, bytes, slots + (start << 2), slots + (end << 2), divisor, gradient);
    gradient += bytes;
  }
}

/** sums[slots[j]] += shares[j] · gradient[i] for every element j of bag i. */
export function scatterWeighted(
  sums: usize,
  bytes: usize,
  slots: usize,
  offsets: usize,
  shares: usize,
  count: u32,
  gradient: usize,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const end = load<u32>(offsets + (i << 2), 4);
    for (let j = load<u32>(offsets + (i << 2)); j < end; j++) {
      addScaled(
        sums + <usize>load<u32>(slots + (j << 2)) * bytes,
        gradient,
        bytes,
        load<f32>(shares + (j << 2)),
      );
    }
    gradient += bytes;
  }
}

// @ts-ignore: decorator
@inline
function addTo(target: usize, addend: v128): void {
  v128.store(target, f32x4.add(v128.load(target), addend));
}

// @ts-ignore: decorator
@inline
function addRow(target: usize, from: usize, bytes: usize): void {
  let byte: usize = 0;
  for (; byte + 16 <= bytes; byte += 16) addTo(target + byte, v128.load(from + byte));
  for (; byte < bytes; byte += 4) store<f32>(target + byte, load<f32>(target + byte) + load<f32>(from + byte));
}

// @ts-ignore: decorator
@inline
function scatterBag(sums: usize, bytes: usize, from: usize, to: usize, divisor: f32, gradient: usize): void {
  const divisors = f32x4.splat(divisor);
  let byte: usize = 0;
  for (; byte + 128 <= bytes; byte += 128) {
    const strip = sums + byte;
    const g = gradient + byte;
    const g0 = f32x4.div(v128.load(g), divisors);
    const g1 = f32x4.div(v128.load(g, 16), divisors);
    const g2 = f32x4.div(v128.load(g, 32), divisors);
    const g3 = f32x4.div(v128.load(g, 48), divisors);
    const g4 = f32x4.div(v128.load(g, 64), divisors);
    const g5 = f32x4.div(v128.load(g, 80), divisors);
    const g6 = f32x4.div(v128.load(g, 96), divisors);
    const g7 = f32x4.div(v128.load(g, 112), divisors);
    for (let p = from; p < to; p += 4) {
      const row = strip + <usize>load<u32>(p) * bytes;
      v128.store(row, f32x4.add(v128.load(row), g0));
      v128.store(row, f32x4.add(v128.load(row, 16), g1), 16);
      v128.store(row, f32x4.add(v128.load(row, 32), g2), 32);
      v128.store(row, f32x4.add(v128.load(row, 48), g3), 48);
      v128.store(row, f32x4.add(v128.load(row, 64), g4), 64);
      v128.store(row, f32x4.add(v128.load(row, 80), g5), 80);
      v128.store(row, f32x4.add(v128.load(row, 96), g6), 96);
      v128.store(row, f32x4.add(v128.load(row, 112), g7), 112);
    }
  }
  for (; byte + 64 <= bytes; byte += 64) {
    const strip = sums + byte;
    const g = gradient + byte;
    const g0 = f32x4.div(v128.load(g), divisors);
    const g1 = f32x4.div(v128.load(g, 16), divisors);
    const g2 = f32x4.div(v128.load(g, 32), divisors);
    const g3 = f32x4.div(v128.load(g, 48), divisors);
    for (let p = from; p < to; p += 4) {
      const row = strip + <usize>load<u32>(p) * bytes;
      v128.store(row, f32x4.add(v128.load(row), g0));
      v128.store(row, f32x4.add(v128.load(row, 16), g1), 16);
      v128.store(row, f32x4.add(v128.load(row, 32), g2), 32);
      v128.store(row, f32x4.add(v128.load(row, 48), g3), 48);
    }
  }
  for (; byte + 16 <= bytes; byte += 16) {
    const g = f32x4.div(v128.load(gradient + byte), divisors);
    for (let p = from; p < to; p += 4) addTo(sums + byte + <usize>load<u32>(p) * bytes, g);
  }
  for (; byte < bytes; byte += 4) {
    const g = load<f32>(gradient + byte) / divisor;
    for (let p = from; p < to; p += 4) {
      const target = sums + byte + <usize>load<u32>(p) * bytes;
      store<f32>(target, load<f32>(target) + g);
    }
  }
}
