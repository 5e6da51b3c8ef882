/**
 * Computes integer inner products of int8 codes of items with int16 codes of queries, and finds those that reach a limit. `src/engines/scan/codes.ts` writes
 * the codes, says where each number is, and proves the meaning of the limit.
 *
 * A block is 64 items. An octet of it is 8 items: for each pair of columns it has 16 bytes, the pair of each of the 8 items. So one multiply-add of pairs gives
 * a partial sum of 4 items, and no sum crosses lanes.
 */

/** Bytes of a block's record: 1 ÷ scale, error, length of the longest code vector, length of the longest vector; all f64. */
const blockBytes: usize = 32;
/** Bytes of a query's record: limit ÷ scale, length ÷ scale, error ÷ scale, all f64; pointer of its mask, u32, 0 for none. */
const queryBytes: usize = 32;
const octets: u32 = 8;

/** Pointer to the next entry to write. */
let out: usize = 0;

/** Returns the end of the compiler's own data: memory from there on is the host's. */
export function firstFree(): usize {
  return __heap_base;
}

/** Receives the sums of touched bytes, so that no compiler drops the loads. */
let touched: u32 = 0;
/** Number of bytes by which touching is ahead of the sums, as measured. */
const ahead: usize = 4096;

/**
 * Scans blocks `from` to `to`, each for all queries: `quads` groups of four, and a single one if `single` is 1. Writes an entry (row, query, sum) for each
 * product that reaches the query's limit in its block, for rows below `rows` that are in the query's mask. Returns the end of the entries.
 */
export function scan(
  codes: usize,
  pairs: u32,
  blocks: usize,
  from: u32,
  to: u32,
  rows: u32,
  queries: usize,
  words: usize,
  quads: u32,
  single: u32,
  entries: usize,
): usize {
  out = entries;
  const bytes = <usize>pairs << 7;
  for (let block = from; block < to; block++) {
    const base = codes + <usize>block * bytes;
    const record = blocks + <usize>block * blockBytes;
    let query = queries;
    let word = words;
    for (let quad: u32 = 0; quad < quads; quad++) {
      four(base, pairs, record, block, rows, query, word, quad << 2);
      query += 4 * queryBytes;
      word += <usize>pairs << 4;
    }
    if (single) one(base, pairs, record, block, rows, query, word, quads << 2);
  }
  return out;
}

/** True if no item of the block can reach the limit, by the lengths alone, or if none is in the mask. */
// @ts-ignore: decorator
@inline
function isOut(query: usize, record: usize, block: u32): bool {
  const limit = load<f64>(query);
  if (load<f64>(query, 8) * load<f64>(record, 24) < limit) return true;
  const mask = <usize>load<u32>(query, 24);
  return mask != 0 && load<u64>(mask + (<usize>block << 3)) == 0;
}

/** Returns the least integer sum that may reach the limit, or one below it. */
// @ts-ignore: decorator
@inline
function least(query: usize, record: usize): i32 {
  const error = load<f64>(query, 8) * load<f64>(record, 8) + load<f64>(query, 16) * load<f64>(record, 16);
  const sum = floor<f64>((load<f64>(query) - error) * load<f64>(record)) - 1;
  return <i32>max<f64>(-2147483648, min<f64>(2147483647, sum));
}

/** Returns one bit for each item of an octet, set if it reaches the limit and is in the mask. */
// @ts-ignore: decorator
@inline
function reached(a: v128, b: v128, limit: v128, query: usize, octet: u32): u32 {
  const bits = i32x4.bitmask(i32x4.ge_s(a, limit)) | (i32x4.bitmask(i32x4.ge_s(b, limit)) << 4);
  const mask = <usize>load<u32>(query, 24);
  return mask ? bits & <u32>load<u8>(mask + <usize>octet) : bits;
}

function emit(a: v128, b: v128, bits: u32, octet: u32, rows: u32, query: u32): void {
  const sums = memory.data(32, 16);
  v128.store(sums, a);
  v128.store(sums, b, 16);
  while (bits) {
    const item = ctz(bits);
    bits &= bits - 1;
    const row = (octet << 3) + item;
    if (row >= rows) return;
    store<u32>(out, row);
    store<u32>(out, query, 4);
    store<u32>(out, load<u32>(sums + (item << 2)), 8);
    out += 12;
  }
}

function four(
  codes: usize,
  pairs: u32,
  record: usize,
  block: u32,
  rows: u32,
  query0: usize,
  words: usize,
  first: u32,
): void {
  const query1 = query0 + queryBytes;
  const query2 = query1 + queryBytes;
  const query3 = query2 + queryBytes;
  if (
    isOut(query0, record, block) &&
    isOut(query1, record, block) &&
    isOut(query2, record, block) &&
    isOut(query3, record, block)
  ) {
    return;
  }
  const limit0 = i32x4.splat(least(query0, record));
  const limit1 = i32x4.splat(least(query1, record));
  const limit2 = i32x4.splat(least(query2, record));
  const limit3 = i32x4.splat(least(query3, record));
  const end = words + (<usize>pairs << 4);
  for (let i: u32 = 0; i < octets; i++) {
    let a0 = i32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let b0 = a0;
    let b1 = a0;
    let b2 = a0;
    let b3 = a0;
    for (let word = words; word < end; word += 16) {
      const x = v128.load8x8_s(codes);
      const y = v128.load8x8_s(codes, 8);
      codes += 16;
      const q0 = v128.load32_splat(word);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x, q0));
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(y, q0));
      const q1 = v128.load32_splat(word, 4);
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x, q1));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(y, q1));
      const q2 = v128.load32_splat(word, 8);
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(x, q2));
      b2 = i32x4.add(b2, i32x4.dot_i16x8_s(y, q2));
      const q3 = v128.load32_splat(word, 12);
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(x, q3));
      b3 = i32x4.add(b3, i32x4.dot_i16x8_s(y, q3));
    }
    const some = v128.or(
      v128.or(
        v128.or(i32x4.ge_s(a0, limit0), i32x4.ge_s(b0, limit0)),
        v128.or(i32x4.ge_s(a1, limit1), i32x4.ge_s(b1, limit1)),
      ),
      v128.or(
        v128.or(i32x4.ge_s(a2, limit2), i32x4.ge_s(b2, limit2)),
        v128.or(i32x4.ge_s(a3, limit3), i32x4.ge_s(b3, limit3)),
      ),
    );
    if (!v128.any_true(some)) continue;
    const octet = (block << 3) + i;
    const bits0 = reached(a0, b0, limit0, query0, octet);
    const bits1 = reached(a1, b1, limit1, query1, octet);
    const bits2 = reached(a2, b2, limit2, query2, octet);
    const bits3 = reached(a3, b3, limit3, query3, octet);
    if (bits0) emit(a0, b0, bits0, octet, rows, first);
    if (bits1) emit(a1, b1, bits1, octet, rows, first + 1);
    if (bits2) emit(a2, b2, bits2, octet, rows, first + 2);
    if (bits3) emit(a3, b3, bits3, octet, rows, first + 3);
  }
}

/**
 * Prefetches by reading one byte of each cache line. WebAssembly has no prefetch instruction; loads that nothing waits for keep many cache misses in flight.
 * With it, one query over codes that no cache holds takes a third of the time. May read past the codes, by `ahead` and two octets.
 */
// @ts-ignore: decorator
@inline
function touch(at: usize, bytes: usize): void {
  let sum: u32 = 0;
  for (let i: usize = 0; i < bytes; i += 64) sum += load<u8>(at + i);
  touched += sum;
}

/** Scans a block for one query, two octets at a time. */
function one(
  codes: usize,
  pairs: u32,
  record: usize,
  block: u32,
  rows: u32,
  query: usize,
  words: usize,
  first: u32,
): void {
  if (isOut(query, record, block)) return;
  const limit = i32x4.splat(least(query, record));
  const bytes = <usize>pairs << 4;
  const end = words + (<usize>pairs << 2);
  for (let i: u32 = 0; i < octets; i += 2) {
    let a = i32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let next = codes + bytes;
    touch(codes + ahead, 2 * bytes);
    for (let word = words; word < end; word += 4) {
      const q = v128.load32_splat(word);
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load8x8_s(codes), q));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load8x8_s(codes, 8), q));
      c = i32x4.add(c, i32x4.dot_i16x8_s(v128.load8x8_s(next), q));
      d = i32x4.add(d, i32x4.dot_i16x8_s(v128.load8x8_s(next, 8), q));
      codes += 16;
      next += 16;
    }
    codes = next;
    const some = v128.or(
      v128.or(i32x4.ge_s(a, limit), i32x4.ge_s(b, limit)),
      v128.or(i32x4.ge_s(c, limit), i32x4.ge_s(d, limit)),
    );
    if (!v128.any_true(some)) continue;
    const octet = (block << 3) + i;
    const low = reached(a, b, limit, query, octet);
    const high = reached(c, d, limit, query, octet + 1);
    if (low) emit(a, b, low, octet, rows, first);
    if (high) emit(c, d, high, octet + 1, rows, first);
  }
}
