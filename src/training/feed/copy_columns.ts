/**
 * Loops that read columns. They take four elements at a time, loads before stores: otherwise the JavaScript engine checks each view again between two elements,
 * and cache misses do not overlap (half the speed). They are separate from their callers, so that each is compiled only for typed arrays. Rows in ascending
 * order are read about twice as fast.
 */
import type { BagColumn } from '../../data/dataset.ts';

/** into[i] = values[rows[i]] */
export function pickCodes(values: Int32Array, rows: Int32Array, into: Int32Array): void {
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

/** Concatenates the bags of the rows; offsets[i] is the start of bag i, and one more offset is the end of the last. @param maxElements maximum elements of each bag */
export function pickBags(
  column: BagColumn,
  rows: Int32Array,
  into: Int32Array,
  offsets: Int32Array,
  maxElements = Number.POSITIVE_INFINITY,
): void {
  const { starts, ends, values } = column;
  let writtenCount = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    offsets[i] = writtenCount;
    let j = starts[row]!;
    const end = Math.min(ends[row]!, j + maxElements);
    for (; j + 4 <= end; j += 4, writtenCount += 4) {
      const a = values[j]!;
      const b = values[j + 1]!;
      const c = values[j + 2]!;
      const d = values[j + 3]!;
      into[writtenCount] = a;
      into[writtenCount + 1] = b;
      into[writtenCount + 2] = c;
      into[writtenCount + 3] = d;
    }
    for (; j < end; j++) into[writtenCount++] = values[j]!;
  }
  offsets[rows.length] = writtenCount;
}

/** Concatenates bags of bags. Element t of row i, itself a bag, is bag i · `maxElements` + t of the result, which is empty after the row's last element. */
export function pickInner(
  { starts, ends, values }: BagColumn,
  inner: BagColumn,
  rows: Int32Array,
  maxElements: number,
  into: Int32Array,
  offsets: Int32Array,
): void {
  let targetIndex = 0;
  for (let i = 0; i < rows.length; i++) {
    const start = starts[rows[i]!]!;
    const count = ends[rows[i]!]! - start;
    for (let t = 0; t < maxElements; t++) {
      offsets[i * maxElements + t] = targetIndex;
      if (t >= count) continue;
      const bag = values[start + t]!;
      for (let j = inner.starts[bag]!; j < inner.ends[bag]!; j++) into[targetIndex++] = inner.values[j]!;
    }
  }
  offsets[rows.length * maxElements] = targetIndex;
}

/** Counts the values of at most `maxElements` elements of each row. */
export function countInner(
  { starts, ends, values }: BagColumn,
  inner: BagColumn,
  rows: Int32Array,
  maxElements: number,
): number {
  let elementTotal = 0;
  for (let i = 0; i < rows.length; i++) {
    const start = starts[rows[i]!]!;
    const end = Math.min(ends[rows[i]!]!, start + maxElements);
    for (let j = start; j < end; j++) elementTotal += inner.ends[values[j]!]! - inner.starts[values[j]!]!;
  }
  return elementTotal;
}

/**
 * Writes the weight of each element of the bags of the rows, in the order of `pickBags`; for a mean, its share of the total weight of its bag. If the total is
 * 0, so are the shares.
 */
export function pickShares(
  { starts, ends, values: { length }, weights = new Float32Array(length).fill(1) }: BagColumn,
  rows: Int32Array,
  isMean: boolean,
  into: Float32Array,
): void {
  let targetIndex = 0;
  for (let i = 0; i < rows.length; i++) {
    const start = starts[rows[i]!]!;
    const end = ends[rows[i]!]!;
    let weightTotal = isMean ? 0 : 1;
    if (isMean) for (let j = start; j < end; j++) weightTotal += weights[j]!;
    for (let j = start; j < end; j++) into[targetIndex++] = weightTotal > 0 ? weights[j]! / weightTotal : 0;
  }
}

export function longestBagLength({ starts, ends }: BagColumn): number {
  let longestBag = 0;
  for (let i = 0; i < starts.length; i++) longestBag = Math.max(longestBag, ends[i]! - starts[i]!);
  return longestBag;
}

export function countBagElements({ starts, ends }: BagColumn, rows: Int32Array): number {
  let elementTotal = 0;
  for (let i = 0; i < rows.length; i++) elementTotal += ends[rows[i]!]! - starts[rows[i]!]!;
  return elementTotal;
}

/** Copies rows of `width` numbers, one after the other. */
export function pickRows(values: Float32Array, width: number, rows: Int32Array, into: Float32Array): void {
  let targetIndex = 0;
  for (let i = 0; i < rows.length; i++) {
    let readIndex = rows[i]! * width;
    for (const end = targetIndex + width; targetIndex < end; targetIndex++) into[targetIndex] = values[readIndex++]!;
  }
}
