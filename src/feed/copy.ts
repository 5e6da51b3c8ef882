/**
 * The loops that read columns. Four elements at a time, loads before stores: without that the engine checks each view anew
 * between two elements, and cache misses do not overlap (half the speed). Apart from their callers, so that each is compiled
 * for typed arrays alone. Rows in ascending order are read about twice as fast again.
 */
import type { BagColumn } from '../data/dataset.ts';

/** into[i] = values[rows[i]] */
export function pick(values: Int32Array, rows: Int32Array, into: Int32Array): void {
  const count = rows.length;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const a = values[rows[i]!]!;
    const b = values[rows[i + 1]!]!;
    const c = values[rows[i + 2]!]!;
    const d = values[rows[i + 3]!]!;
    into[i] = a;
    into[i + 1] = b;
    into[i + 2] = c;
    into[i + 3] = d;
  }
  for (; i < count; i++) into[i] = values[rows[i]!]!;
}

/** The same of numbers. */
export function pickNumbers(values: Float32Array, rows: Int32Array, into: Float32Array): void {
  const count = rows.length;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const a = values[rows[i]!]!;
    const b = values[rows[i + 1]!]!;
    const c = values[rows[i + 2]!]!;
    const d = values[rows[i + 3]!]!;
    into[i] = a;
    into[i + 1] = b;
    into[i + 2] = c;
    into[i + 3] = d;
  }
  for (; i < count; i++) into[i] = values[rows[i]!]!;
}

/**
 * Bags of the rows end to end; offsets[i] is where bag i starts, and one more says where the last ends.
 * @param most elements that are taken of each bag
 */
export function pickBags(
  column: BagColumn,
  rows: Int32Array,
  into: Int32Array,
  offsets: Int32Array,
  most = Number.POSITIVE_INFINITY,
): void {
  const { starts, ends, values } = column;
  let at = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    offsets[i] = at;
    let j = starts[row]!;
    const end = Math.min(ends[row]!, j + most);
    for (; j + 4 <= end; j += 4, at += 4) {
      const a = values[j]!;
      const b = values[j + 1]!;
      const c = values[j + 2]!;
      const d = values[j + 3]!;
      into[at] = a;
      into[at + 1] = b;
      into[at + 2] = c;
      into[at + 3] = d;
    }
    for (; j < end; j++) into[at++] = values[j]!;
  }
  offsets[rows.length] = at;
}

/** Elements of the longest bag. */
export function longestOf({ starts, ends }: BagColumn): number {
  let longest = 0;
  for (let i = 0; i < starts.length; i++) longest = Math.max(longest, ends[i]! - starts[i]!);
  return longest;
}

/** Elements that the bags of the rows have in all. */
export function countOf({ starts, ends }: BagColumn, rows: Int32Array): number {
  let total = 0;
  for (let i = 0; i < rows.length; i++) total += ends[rows[i]!]! - starts[rows[i]!]!;
  return total;
}

/** `width` numbers a row, side by side. */
export function pickRows(values: Float32Array, width: number, rows: Int32Array, into: Float32Array): void {
  let at = 0;
  for (let i = 0; i < rows.length; i++) {
    let from = rows[i]! * width;
    for (const end = at + width; at < end; at++) into[at] = values[from++]!;
  }
}
