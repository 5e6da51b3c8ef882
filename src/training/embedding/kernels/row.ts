/** Operations on one row of `bytes` bytes, a multiple of 4; nothing is aligned to 16. */

/** to ← to + factor · from */
// @ts-ignore: decorator
@inline
export function addScaled(to: usize, from: usize, bytes: usize, factor: f32): void {
  const factors = f32x4.splat(factor);
  let byte: usize = 0;
  for (; byte + 16 <= bytes; byte += 16) {
    v128.store(to + byte, f32x4.add(v128.load(to + byte), f32x4.mul(factors, v128.load(from + byte))));
  }
  for (; byte < bytes; byte += 4) store<f32>(to + byte, load<f32>(to + byte) + factor * load<f32>(from + byte));
}

/** row ← keep · row − rate · gradient */
// @ts-ignore: decorator
@inline
export function stepRow(row: usize, gradient: usize, bytes: usize, rate: f32, keep: f32): void {
  const rates = f32x4.splat(rate);
  const keeps = f32x4.splat(keep);
  let byte: usize = 0;
  for (; byte + 16 <= bytes; byte += 16) {
    const keptRow = f32x4.mul(v128.load(row + byte), keeps);
    v128.store(row + byte, f32x4.sub(keptRow, f32x4.mul(rates, v128.load(gradient + byte))));
  }
  for (; byte < bytes; byte += 4) {
    store<f32>(row + byte, load<f32>(row + byte) * keep - rate * load<f32>(gradient + byte));
  }
}

/** Returns the sum of the squares of a row. */
// @ts-ignore: decorator
@inline
export function sumOfSquares(from: usize, bytes: usize): f32 {
  let lanes = f32x4.splat(0);
  let byte: usize = 0;
  for (; byte + 16 <= bytes; byte += 16) {
    const g = v128.load(from + byte);
    lanes = f32x4.add(lanes, f32x4.mul(g, g));
  }
  let sum: f32 =
    f32x4.extract_lane(lanes, 0) +
    f32x4.extract_lane(lanes, 2) +
    (f32x4.extract_lane(lanes, 1) + f32x4.extract_lane(lanes, 3));
  for (; byte < bytes; byte += 4) sum += load<f32>(from + byte) * load<f32>(from + byte);
  return sum;
}
