/** Operations on one row of `bytes` bytes, a multiple of 4; nothing is aligned to 16. */

/** to ← to + factor · from */
// @ts-ignore: decorator
@inline
export function addScaled(to: usize, from: usize, bytes: usize, factor: f32): void {
  const factors = f32x4.splat(factor);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    v128.store(to + at, f32x4.add(v128.load(to + at), f32x4.mul(factors, v128.load(from + at))));
  }
  for (; at < bytes; at += 4) store<f32>(to + at, load<f32>(to + at) + factor * load<f32>(from + at));
}

/** row ← keep · row − rate · gradient */
// @ts-ignore: decorator
@inline
export function stepRow(row: usize, gradient: usize, bytes: usize, rate: f32, keep: f32): void {
  const rates = f32x4.splat(rate);
  const keeps = f32x4.splat(keep);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const keptRow = f32x4.mul(v128.load(row + at), keeps);
    v128.store(row + at, f32x4.sub(keptRow, f32x4.mul(rates, v128.load(gradient + at))));
  }
  for (; at < bytes; at += 4) {
    store<f32>(row + at, load<f32>(row + at) * keep - rate * load<f32>(gradient + at));
  }
}

/** Returns the sum of the squares of a row. */
// @ts-ignore: decorator
@inline
export function sumOfSquares(from: usize, bytes: usize): f32 {
  let lanes = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const g = v128.load(from + at);
    lanes = f32x4.add(lanes, f32x4.mul(g, g));
  }
  let sum: f32 =
    f32x4.extract_lane(lanes, 0) +
    f32x4.extract_lane(lanes, 2) +
    (f32x4.extract_lane(lanes, 1) + f32x4.extract_lane(lanes, 3));
  for (; at < bytes; at += 4) sum += load<f32>(from + at) * load<f32>(from + at);
  return sum;
}
