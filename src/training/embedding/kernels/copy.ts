/** Copies and prefetches rows. A row has `bytes` bytes, a multiple of 4; nothing is aligned to 16. */

// @ts-ignore: decorator
@inline
export function copyRow(from: usize, to: usize, bytes: usize): void {
  let byte: usize = 0;
  for (; byte + 64 <= bytes; byte += 64) {
    const a = v128.load(from + byte);
    const b = v128.load(from + byte, 16);
    const c = v128.load(from + byte, 32);
    const d = v128.load(from + byte, 48);
    v128.store(to + byte, a);
    v128.store(to + byte, b, 16);
    v128.store(to + byte, c, 32);
    v128.store(to + byte, d, 48);
  }
  for (; byte + 16 <= bytes; byte += 16) v128.store(to + byte, v128.load(from + byte));
  for (; byte < bytes; byte += 4) store<u32>(to + byte, load<u32>(from + byte));
}

/** Number of rows that are prefetched before the work on them begins. */
export const group: u32 = 256;

/** Receives the sums of touched bytes, so that no compiler drops the loads. */
let touched: u32 = 0;

/**
 * Prefetches rows `codes[0 … count)` by reading one byte of each cache line. WebAssembly has no prefetch instruction; a loop of independent loads keeps many
 * cache misses in flight, and the work that follows finds its rows in the cache.
 */
// @ts-ignore: decorator
@inline
export function touchRows(base: usize, bytes: usize, codes: usize, count: u32): void {
  let sum: u32 = 0;
  if (bytes <= 64) {
    for (let i: u32 = 0; i < count; i++) sum += load<u8>(base + <usize>load<u32>(codes + (i << 2)) * bytes);
  } else {
    for (let i: u32 = 0; i < count; i++) {
      const row = base + <usize>load<u32>(codes + (i << 2)) * bytes;
      for (let byte: usize = 0; byte < bytes; byte += 64) sum += load<u8>(row + byte);
    }
  }
  touched += sum;
}
