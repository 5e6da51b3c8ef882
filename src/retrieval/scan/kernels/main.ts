/**
 * Computes integer inner products of int8 codes of items with int16 codes of queries, and finds those that reach a limit. `src/retrieval/scan/codes.ts` writes
 * the codes, says where each number is, and proves the meaning of the limit.
 *
 * A block is 64 items. The codes of two items lie together, so a filter reads little else than those of its items. Of four columns they are 8 bytes, so one
 * multiply-add of pairs gives two partial sums of both items, and one addition of two such vectors gives the sums of four items.
 */

/** Bytes of a block's record: 1 ÷ scale, error, length of the longest code vector, length of the longest vector; all f64. */
const blockBytes: usize = 32;
/** Bytes of a query's record: limit ÷ scale, length ÷ scale, error ÷ scale, all f64; pointer of its mask, u32, 0 for none. */
const queryBytes: usize = 32;
const blockRows: u32 = 64;

/** Pointer to the next entry to write. */
let out: usize = 0;

/** Returns the end of the compiler's own data: memory from there on is the host's. */
export function firstFree(): usize {
  return __heap_base;
}

/** Receives the sums of touched bytes, so that no compiler drops the loads. */
let touched: u32 = 0;
/** Number of listed items that are touched together: each may lie on a page of its own, and a processor looks up several at once. */
const together: usize = 64;

/**
 * Scans blocks `from` to `to`, each for all queries: `quads` groups of four, and a single one if `single` is 1. Writes an entry (row, query, sum) for each
 * product that reaches the query's limit in its block, for rows below `rows` that are in the query's mask. Returns the end of the entries.
 * @param bytes of the codes of an item: a multiple of 8
 */
export function scan(
  codes: usize,
  bytes: usize,
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
  // The mask of the only query, if there is one: blocks without its items are left out.
  const mask = quads == 0 ? <usize>load<u32>(queries, 24) : 0;
  let block = nextBlock(mask, from, to);
  while (block < to) {
    const next = nextBlock(mask, block + 1, to);
    const base = codes + <usize>block * blockRows * bytes;
    const record = blocks + <usize>block * blockBytes;
    const left = rows - block * blockRows;
    const whole: u64 = left < blockRows ? (<u64>1 << left) - 1 : ~(<u64>0);
    let query = queries;
    let word = words;
    for (let quad: u32 = 0; quad < quads; quad++) {
      four(base, bytes, record, block, whole, query, word, quad << 2);
      query += 4 * queryBytes;
      word += bytes << 4;
    }
    if (single) {
      const ahead = mask ? (next < to ? load<u64>(mask + (<usize>next << 3)) : 0) : ~(<u64>0);
      one(base, bytes, record, block, whole, query, word, quads << 2, codes + <usize>next * blockRows * bytes, ahead);
    }
    block = next;
  }
  return out;
}

/** Returns the next block from `block` on with an item in a mask, or `to`. */
// @ts-ignore: decorator
@inline
function nextBlock(mask: usize, block: u32, to: u32): u32 {
  while (mask && block < to && load<u64>(mask + (<usize>block << 3)) == 0) block++;
  return block;
}

/** Returns the items of a block that may be in the answer to a query: one bit for each. There are none if the lengths alone say that none reaches the limit. */
// @ts-ignore: decorator
@inline
function itemsFor(query: usize, record: usize, block: u32, whole: u64): u64 {
  const mask = <usize>load<u32>(query, 24);
  const items = mask ? load<u64>(mask + (<usize>block << 3)) & whole : whole;
  if (items == 0 || load<f64>(query, 8) * load<f64>(record, 24) < load<f64>(query)) return 0;
  return items;
}

/** Returns the least integer sum that may reach the limit, or one below it. */
// @ts-ignore: decorator
@inline
function least(query: usize, record: usize): i32 {
  const error = load<f64>(query, 8) * load<f64>(record, 8) + load<f64>(query, 16) * load<f64>(record, 16);
  const sum = floor<f64>((load<f64>(query) - error) * load<f64>(record)) - 1;
  return <i32>max<f64>(-2147483648, min<f64>(2147483647, sum));
}

/** Returns the sums of four items from the partial sums of two pairs. */
// @ts-ignore: decorator
@inline
function sumsOf(a: v128, b: v128): v128 {
  return i32x4.add(v128.shuffle<i64>(a, b, 0, 2), v128.shuffle<i64>(a, b, 1, 3));
}

/** Returns the bits of the first items of pairs that have an item of a set. */
// @ts-ignore: decorator
@inline
function pairsOf(items: u64): u64 {
  return (items | (items >> 1)) & 0x5555555555555555;
}

/** Writes entries for the items of two pairs, from rows `row0` and `row1`, whose sum reaches the limit and that are in the set of items. */
function emit(sums: v128, reached: v128, items: u64, first: u32, item0: u32, item1: u32, query: u32): void {
  let bits = <u32>(items >> item0) & 3;
  if (item1 != item0) bits |= (<u32>(items >> item1) & 3) << 2;
  bits &= i32x4.bitmask(reached);
  if (bits & 1) write(first + item0, query, i32x4.extract_lane(sums, 0));
  if (bits & 2) write(first + item0 + 1, query, i32x4.extract_lane(sums, 1));
  if (bits & 4) write(first + item1, query, i32x4.extract_lane(sums, 2));
  if (bits & 8) write(first + item1 + 1, query, i32x4.extract_lane(sums, 3));
}

// @ts-ignore: decorator
@inline
function write(row: u32, query: u32, sum: i32): void {
  store<u32>(out, row);
  store<u32>(out, query, 4);
  store<i32>(out, sum, 8);
  out += 12;
}

function four(
  codes: usize,
  bytes: usize,
  record: usize,
  block: u32,
  whole: u64,
  query0: usize,
  words: usize,
  first: u32,
): void {
  const query1 = query0 + queryBytes;
  const query2 = query1 + queryBytes;
  const query3 = query2 + queryBytes;
  const items0 = itemsFor(query0, record, block, whole);
  const items1 = itemsFor(query1, record, block, whole);
  const items2 = itemsFor(query2, record, block, whole);
  const items3 = itemsFor(query3, record, block, whole);
  let pairs = pairsOf(items0 | items1 | items2 | items3);
  if (pairs == 0) return;
  const limit0 = i32x4.splat(least(query0, record));
  const limit1 = i32x4.splat(least(query1, record));
  const limit2 = i32x4.splat(least(query2, record));
  const limit3 = i32x4.splat(least(query3, record));
  const row = block * blockRows;
  const end = words + (bytes << 4);
  while (pairs) {
    const i = <usize>ctz(pairs);
    pairs &= pairs - 1;
    const j = pairs ? <usize>ctz(pairs) : i;
    pairs &= pairs - 1;
    let x = codes + i * bytes;
    let y = codes + j * bytes;
    let a0 = i32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let b0 = a0;
    let b1 = a0;
    let b2 = a0;
    let b3 = a0;
    for (let word = words; word < end; word += 64) {
      const xs = v128.load8x8_s(x);
      const ys = v128.load8x8_s(y);
      x += 8;
      y += 8;
      const q0 = v128.load(word);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(xs, q0));
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(ys, q0));
      const q1 = v128.load(word, 16);
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(xs, q1));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(ys, q1));
      const q2 = v128.load(word, 32);
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(xs, q2));
      b2 = i32x4.add(b2, i32x4.dot_i16x8_s(ys, q2));
      const q3 = v128.load(word, 48);
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(xs, q3));
      b3 = i32x4.add(b3, i32x4.dot_i16x8_s(ys, q3));
    }
    const s0 = sumsOf(a0, b0);
    const s1 = sumsOf(a1, b1);
    const s2 = sumsOf(a2, b2);
    const s3 = sumsOf(a3, b3);
    const reached0 = i32x4.ge_s(s0, limit0);
    const reached1 = i32x4.ge_s(s1, limit1);
    const reached2 = i32x4.ge_s(s2, limit2);
    const reached3 = i32x4.ge_s(s3, limit3);
    if (!v128.any_true(v128.or(v128.or(reached0, reached1), v128.or(reached2, reached3)))) continue;
    emit(s0, reached0, items0, row, <u32>i, <u32>j, first);
    emit(s1, reached1, items1, row, <u32>i, <u32>j, first + 1);
    emit(s2, reached2, items2, row, <u32>i, <u32>j, first + 2);
    emit(s3, reached3, items3, row, <u32>i, <u32>j, first + 3);
  }
}

/**
 * Prefetches by reading one byte of each cache line. WebAssembly has no prefetch instruction; loads that nothing waits for keep many cache misses in flight.
 * With it, one query over codes that no cache holds takes a third of the time. May read past the codes, by a block, four pairs and a line.
 */
// @ts-ignore: decorator
@inline
function touch(at: usize, bytes: usize): void {
  let sum: u32 = 0;
  for (let i: usize = 0; i < bytes; i += 64) sum += load<u8>(at + i);
  touched += sum;
}

/** Scans a block for one query, four pairs of items at a time. @param next the codes of the next block, whose items `ahead` are touched */
function one(
  codes: usize,
  bytes: usize,
  record: usize,
  block: u32,
  whole: u64,
  query: usize,
  words: usize,
  first: u32,
  next: usize,
  ahead: u64,
): void {
  const items = itemsFor(query, record, block, whole);
  let pairs = pairsOf(items);
  if (pairs == 0) return;
  let pairsAhead = pairsOf(ahead);
  const limit = i32x4.splat(least(query, record));
  const row = block * blockRows;
  const end = words + (bytes << 2);
  while (pairs) {
    const i = <usize>ctz(pairs);
    pairs &= pairs - 1;
    const j = pairs ? <usize>ctz(pairs) : i;
    pairs &= pairs - 1;
    const k = pairs ? <usize>ctz(pairs) : i;
    pairs &= pairs - 1;
    const l = pairs ? <usize>ctz(pairs) : k;
    pairs &= pairs - 1;
    for (let n = 0; n < 4 && pairsAhead; n++) {
      touch(next + <usize>ctz(pairsAhead) * bytes, bytes << 1);
      pairsAhead &= pairsAhead - 1;
    }
    let x = codes + i * bytes;
    let y = codes + j * bytes;
    let z = codes + k * bytes;
    let w = codes + l * bytes;
    let a = i32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let word = words; word < end; word += 32) {
      const q = v128.load(word);
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load8x8_s(x), q));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load8x8_s(y), q));
      c = i32x4.add(c, i32x4.dot_i16x8_s(v128.load8x8_s(z), q));
      d = i32x4.add(d, i32x4.dot_i16x8_s(v128.load8x8_s(w), q));
      const p = v128.load(word, 16);
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load8x8_s(x, 8), p));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load8x8_s(y, 8), p));
      c = i32x4.add(c, i32x4.dot_i16x8_s(v128.load8x8_s(z, 8), p));
      d = i32x4.add(d, i32x4.dot_i16x8_s(v128.load8x8_s(w, 8), p));
      x += 16;
      y += 16;
      z += 16;
      w += 16;
    }
    const low = sumsOf(a, b);
    const high = sumsOf(c, d);
    const lowReached = i32x4.ge_s(low, limit);
    const highReached = i32x4.ge_s(high, limit);
    if (!v128.any_true(v128.or(lowReached, highReached))) continue;
    emit(low, lowReached, items, row, <u32>i, <u32>j, first);
    if (k != i) emit(high, highReached, items, row, <u32>k, <u32>l, first);
  }
}

/**
 * Computes the products of one query and of listed items, and writes an entry of each that reaches the limit. Returns the end of the entries. Reads the list
 * up to the next multiple of 4. @param list row numbers, u32 @param number of the query, for the entries
 */
export function pick(
  codes: usize,
  bytes: usize,
  blocks: usize,
  list: usize,
  count: u32,
  number: u32,
  query: usize,
  words: usize,
  entries: usize,
): usize {
  out = entries;
  const end = words + (bytes << 2);
  const listEnd = list + (<usize>count << 2);
  let touchedTo = list;
  for (let at = list; at < listEnd; at += 16) {
    if (touchedTo <= at + 16 && touchedTo < listEnd) {
      const to = min(listEnd, touchedTo + 4 * together);
      for (; touchedTo < to; touchedTo += 4) {
        const row = load<u32>(touchedTo);
        touch(codes + <usize>(row >> 1) * 2 * bytes, bytes << 1);
        touched += load<u8>(recordOf(blocks, row));
      }
    }
    const row0 = load<u32>(at);
    const row1 = load<u32>(at, 4);
    const row2 = load<u32>(at, 8);
    const row3 = load<u32>(at, 12);
    let x = itemAt(codes, bytes, row0);
    let y = itemAt(codes, bytes, row1);
    let z = itemAt(codes, bytes, row2);
    let w = itemAt(codes, bytes, row3);
    let a = i32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let word = words; word < end; word += 32) {
      const q = v128.load(word);
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load8x8_s(x), q));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load8x8_s(y), q));
      c = i32x4.add(c, i32x4.dot_i16x8_s(v128.load8x8_s(z), q));
      d = i32x4.add(d, i32x4.dot_i16x8_s(v128.load8x8_s(w), q));
      const p = v128.load(word, 16);
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load8x8_s(x, 8), p));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load8x8_s(y, 8), p));
      c = i32x4.add(c, i32x4.dot_i16x8_s(v128.load8x8_s(z, 8), p));
      d = i32x4.add(d, i32x4.dot_i16x8_s(v128.load8x8_s(w, 8), p));
      x += 16;
      y += 16;
      z += 16;
      w += 16;
    }
    // Lanes 0 and 2 are of the item; the others are of the item next to it.
    const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
    const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
    const sums = v128.shuffle<i64>(ab, cd, 0, 2);
    const low = leastTwo(query, recordOf(blocks, row0), recordOf(blocks, row1));
    const high = leastTwo(query, recordOf(blocks, row2), recordOf(blocks, row3));
    const limits = v128.shuffle<i64>(low, high, 0, 2);
    const bits = i32x4.bitmask(i32x4.ge_s(sums, limits));
    if (bits & 1) write(row0, number, i32x4.extract_lane(sums, 0));
    if (bits & 2 && at + 4 < listEnd) write(row1, number, i32x4.extract_lane(sums, 1));
    if (bits & 4 && at + 8 < listEnd) write(row2, number, i32x4.extract_lane(sums, 2));
    if (bits & 8 && at + 12 < listEnd) write(row3, number, i32x4.extract_lane(sums, 3));
  }
  return out;
}

/** Returns where the codes of an item begin: every other pair of columns from there is of the item. */
// @ts-ignore: decorator
@inline
function itemAt(codes: usize, bytes: usize, row: u32): usize {
  return codes + <usize>(row >> 1) * 2 * bytes + 2 * (row & 1);
}

/** Returns what `least` returns for two blocks, in the first two lanes. */
// @ts-ignore: decorator
@inline
function leastTwo(query: usize, record0: usize, record1: usize): v128 {
  const inverse = v128.load64_lane(record1, v128.load64_zero(record0), 1);
  const blockError = v128.load64_lane(record1, v128.load64_zero(record0, 8), 1, 8);
  const codeLength = v128.load64_lane(record1, v128.load64_zero(record0, 16), 1, 16);
  const error = f64x2.add(
    f64x2.mul(v128.load64_splat(query, 8), blockError),
    f64x2.mul(v128.load64_splat(query, 16), codeLength),
  );
  const sum = f64x2.floor(f64x2.mul(f64x2.sub(v128.load64_splat(query), error), inverse));
  return i32x4.trunc_sat_f64x2_s_zero(f64x2.sub(sum, f64x2.splat(1)));
}

// @ts-ignore: decorator
@inline
function recordOf(blocks: usize, row: u32): usize {
  return blocks + <usize>(row / blockRows) * blockBytes;
}

/** Blocks of the next list that are touched. */
const blocksAhead: usize = 3;

/**
 * Finds items of lists by codes of 4 bits for two numbers each. A block is 16 places: byte i of each of its `vectors` of 16 bytes has the codes of place i for
 * two tables of 16 bytes, whose entries add up to the estimate of a score. A list is read if its bound is at least `from` and below `below`, up to the first
 * block whose length is below the gap between the score of its mean and `least`, divided by `deviation`. Writes the places whose sum is at least gap · `slope`
 * ÷ length − `base`, and returns their end. @param vectors an even number @param firsts u32 [count + 1]: the first block of each list @param lengths f32, by
 * block @param scores f32 [count], followed by the bounds, f32 [count], and by room for u32 [count + 1]
 */
export function sieve(
  codes: usize,
  vectors: u32,
  count: u32,
  firsts: usize,
  lengths: usize,
  tables: usize,
  scores: usize,
  from: f32,
  below: f32,
  least: f32,
  deviation: f32,
  slope: f32,
  base: f32,
  places: usize,
): usize {
  const bytes = <usize>vectors << 4;
  const tablesEnd = tables + 2 * bytes;
  const nibble = i8x16.splat(15);
  const evenBytes = i16x8.splat(255);
  const bounds = scores + 4 * <usize>count;
  const chosen = bounds + 4 * <usize>count;
  let chosenEnd = chosen;
  for (let list: u32 = 0; list < count; list++) {
    const bound = load<f32>(bounds + 4 * <usize>list);
    store<u32>(chosenEnd, list);
    chosenEnd += bound >= from && bound < below ? 4 : 0;
  }
  let to = places;
  for (let choice = chosen; choice < chosenEnd; choice += 4) {
    const list = <usize>load<u32>(choice) << 2;
    const next = choice + 4 < chosenEnd ? <usize>load<u32>(choice, 4) << 2 : list;
    touch(codes + <usize>load<u32>(firsts + next) * bytes, blocksAhead * bytes);
    const gap = least - load<f32>(scores + list);
    const needed = gap / deviation;
    const end = load<u32>(firsts + list, 4);
    for (let block = load<u32>(firsts + list); block < end; block++) {
      const length = load<f32>(lengths + 4 * <usize>block);
      if (length < needed) break;
      const limit = i16x8.splat(<i16>(<i32>max<f32>(0, min<f32>(32767, floor<f32>((gap * slope) / length - base)))));
      let at = codes + <usize>block * bytes;
      let even = i16x8.splat(0);
      let odd = even;
      for (let table = tables; table < tablesEnd; table += 64) {
        const a = v128.load(at);
        const b = v128.load(at, 16);
        at += 32;
        const fromA = i8x16.add(
          i8x16.swizzle(v128.load(table), v128.and(a, nibble)),
          i8x16.swizzle(v128.load(table, 16), v128.and(i16x8.shr_u(a, 4), nibble)),
        );
        const fromB = i8x16.add(
          i8x16.swizzle(v128.load(table, 32), v128.and(b, nibble)),
          i8x16.swizzle(v128.load(table, 48), v128.and(i16x8.shr_u(b, 4), nibble)),
        );
        const sums = i8x16.add(fromA, fromB);
        even = i16x8.add(even, v128.and(sums, evenBytes));
        odd = i16x8.add(odd, i16x8.shr_u(sums, 8));
      }
      let bits = <u32>i8x16.bitmask(v128.bitselect(i16x8.ge_s(even, limit), i16x8.ge_s(odd, limit), evenBytes));
      for (; bits; bits &= bits - 1) {
        store<u32>(to, (block << 4) + ctz(bits));
        to += 4;
      }
    }
  }
  return to;
}
