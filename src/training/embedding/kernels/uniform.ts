/**
 * Uniform random numbers by counter: number i is a hash of i and two keys, so any range can be drawn without the numbers before it. The hash is lowbias32
 * (Wellons 2018), applied twice, with the second key in between.
 */

/** out[i] = low + width × u, u a multiple of 2⁻²⁴ in [0, 1). */
export function uniform(out: usize, count: u32, key1: u32, key2: u32, low: f32, width: f32): void {
  const lows = f32x4.splat(low);
  const widths = f32x4.splat(width);
  const unit = f32x4.splat(1.0 / 16777216.0);
  const k1 = i32x4.splat(key1);
  const k2 = i32x4.splat(key2);
  let index = i32x4(0, 1, 2, 3);
  const four = i32x4.splat(4);
  let i: u32 = 0;
  for (; i + 4 <= count; i += 4) {
    const bits = hashBits(v128.xor(hashBits(i32x4.add(index, k1)), k2));
    const u = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(bits, 8)), unit);
    v128.store(out + (<usize>i << 2), f32x4.add(lows, f32x4.mul(widths, u)));
    index = i32x4.add(index, four);
  }
  if (i < count) {
    const bits = hashBits(v128.xor(hashBits(i32x4.add(index, k1)), k2));
    const u = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(bits, 8)), unit);
    const last = f32x4.add(lows, f32x4.mul(widths, u));
    store<f32>(out + (<usize>i << 2), f32x4.extract_lane(last, 0));
    if (i + 1 < count) store<f32>(out + (<usize>i << 2), f32x4.extract_lane(last, 1), 4);
    if (i + 2 < count) store<f32>(out + (<usize>i << 2), f32x4.extract_lane(last, 2), 8);
  }
}

// @ts-ignore: decorator
@inline
function hashBits(input: v128): v128 {
  let x = input;
  x = v128.xor(x, i32x4.shr_u(x, 16));
  x = i32x4.mul(x, i32x4.splat(0x7feb352d));
  x = v128.xor(x, i32x4.shr_u(x, 15));
  x = i32x4.mul(x, i32x4.splat(<i32>0x846ca68b));
  return v128.xor(x, i32x4.shr_u(x, 16));
}
