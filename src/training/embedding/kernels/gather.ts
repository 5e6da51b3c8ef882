import { copyRow, group, touchRows } from './copy';

/** Returns the index of the first code that is not below `rows`, or −1. */
export function badCode(codes: usize, count: u32, rows: u32): i32 {
  const limit = i32x4.splat(rows - 1);
  let i: u32 = 0;
  for (; i + 4 <= count; i += 4) {
    const fourCodes = v128.load(codes + (i << 2));
    if (v128.any_true(i32x4.gt_u(fourCodes, limit))) break;
  }
  for (; i < count; i++) if (load<u32>(codes + (i << 2)) >= rows) return i;
  return -1;
}

/** out[i] = table[codes[i]] */
export function gather(table: usize, bytes: usize, codes: usize, count: u32, out: usize): void {
  for (let start: u32 = 0; start < count; start += group) {
    const groupCount = min(group, count - start);
    const from = codes + (start << 2);
    touchRows(table, bytes, from, groupCount);
    for (let i: u32 = 0; i < groupCount; i++) {
      copyRow(table + <usize>load<u32>(from + (i << 2)) * bytes, out, bytes);
      out += bytes;
    }
  }
}

/** out[i, j] = table[codes[offsets[i] + j]] for j below the bag's length; zeros up to `length`. */
export function gatherSequence(
  table: usize,
  bytes: usize,
  codes: usize,
  offsets: usize,
  count: u32,
  length: usize,
  out: usize,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const start = load<u32>(offsets + (i << 2));
    const elements: usize = load<u32>(offsets + (i << 2), 4) - start;
    const from = codes + (start << 2);
    for (let j: usize = 0; j < elements; j++) {
      copyRow(table + <usize>load<u32>(from + (j << 2)) * bytes, out + j * bytes, bytes);
    }
    memory.fill(out + elements * bytes, 0, (length - elements) * bytes);
    out += length * bytes;
  }
}
