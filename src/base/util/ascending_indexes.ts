/** Sorts numbers by their bits, which is several times faster than a comparison of each two. */

/** Returns the indexes that sort numbers in ascending order, stably, by a radix sort of four passes over 16 bits each (least significant first). */
export function ascendingIndexes(values: ArrayLike<number>): Int32Array {
  const valueCount = values.length;
  let indexes = new Int32Array(valueCount);
  let isSorted = true;
  for (let index = 0; index < valueCount; index++) {
    indexes[index] = index;
    if (index > 0 && values[index]! < values[index - 1]!) isSorted = false;
  }
  if (isSorted) return indexes;
  const keys = makeSortKeys(values);
  let sortedByDigit = new Int32Array(valueCount);
  const counts = new Int32Array(2 ** 16 + 1);
  for (let digit = 0; digit < 4; digit++) {
    counts.fill(0);
    for (let index = 0; index < valueCount; index++) counts[keys[4 * index + digit]! + 1]!++;
    for (let digitValue = 0; digitValue < 2 ** 16; digitValue++) counts[digitValue + 1]! += counts[digitValue]!;
    for (let index = 0; index < valueCount; index++) {
      const source = indexes[index]!;
      sortedByDigit[counts[keys[4 * source + digit]!]!++] = source;
    }
    [indexes, sortedByDigit] = [sortedByDigit, indexes];
  }
  return indexes;
}

/** Returns the bits of each number, mapped so that they order like the numbers, as four digits of 16 bits, the lowest first. */
function makeSortKeys(values: ArrayLike<number>): Uint16Array {
  const numbers = Float64Array.from(values, (value) => value + 0);
  const words = new Uint32Array(numbers.buffer);
  for (let index = 0; index < numbers.length; index++) {
    const high = words[2 * index + 1]!;
    if (high >>> 31 === 1) {
      words[2 * index] = ~words[2 * index]!;
      words[2 * index + 1] = ~high;
    } else words[2 * index + 1] = high ^ 0x80000000;
  }
  return new Uint16Array(numbers.buffer);
}
