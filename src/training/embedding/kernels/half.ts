/** Kernels for rows of bfloat16, which is the upper half of a float32. `bytes` is the size of a row in float32, a multiple of 4; a row takes half of it here. */
import { group, touchRows } from './copy';

/** out[i] = table[codes[i]], as float32. */
export function gatherHalf(table: usize, bytes: usize, codes: usize, count: u32, out: usize): void {
  const halfBytes = bytes >> 1;
  for (let start: u32 = 0; start < count; start += group) {
    const groupCount = min(group, count - start);
    const from = codes + (start << 2);
    touchRows(table, halfBytes, from, groupCount);
    for (let i: u32 = 0; i < groupCount; i++) {
      const row = table + <usize>load<u32>(from + (i << 2)) * halfBytes;
      let byte: usize = 0;
      for (; byte + 16 <= bytes; byte += 16) {
        v128.store(out + byte, i32x4.shl(v128.load_ext<u16>(row + (byte >> 1)), 16));
      }
      for (; byte < bytes; byte += 4) store<u32>(out + byte, <u32>load<u16>(row + (byte >> 1)) << 16);
      out += bytes;
    }
  }
}

/**
 * table[codes[i]] ← from[i], rounded up or down at random, so that the expected value is the number itself. The random bits of an element depend on the keys
 * and on the index of the element in the whole table, `ids[i]` × width + its column, modulo 2³².
 */
export function roundRows(
  from: usize,
  bytes: usize,
  codes: usize,
  ids: usize,
  count: u32,
  table: usize,
  key1: u32,
  key2: u32,
): void {
  const halfBytes = bytes >> 1;
  const width = <u32>(bytes >> 2);
  for (let i: u32 = 0; i < count; i++) {
    const row = table + <usize>load<u32>(codes + (i << 2)) * halfBytes;
    let element = load<u32>(ids + (i << 2)) * width;
    for (let byte: usize = 0; byte < bytes; byte += 4) {
      const noise = hashBits(hashBits(element + key1) ^ key2) & 0xffff;
      store<u16>(row + (byte >> 1), <u16>((load<u32>(from + byte) + noise) >> 16));
      element++;
    }
    from += bytes;
  }
}

/** table[codes[i]] ← from[i] */
export function scatterRows(from: usize, bytes: usize, codes: usize, count: u32, table: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    memory.copy(table + <usize>load<u32>(codes + (i << 2)) * bytes, from, bytes);
    from += bytes;
  }
}

/** lowbias32, as in `uniform.ts`. */
// @ts-ignore: decorator
@inline
function hashBits(input: u32): u32 {
  let x = input;
  x ^= x >> 16;
  x *= 0x7feb352d;
  x ^= x >> 15;
  x *= 0x846ca68b;
  return x ^ (x >> 16);
}
