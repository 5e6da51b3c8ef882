/** Orders of rows, without an object a row. */

/** Values of a digit: 11 bits, so that its counts stay in the nearest cache. */
const DIGIT = 2048;

/** Low word first; the last digit of a word is what is left of it. */
const digits = [0, 1].flatMap((word) => [0, 11, 22].map((shift) => ({ word, shift })));

/**
 * The rows that `kept` marks with 1, by ascending time; rows of one time stay in their own order. Without times, in their own
 * order. A least-significant-digit radix sort over the bits of the numbers.
 */
export function timeOrder(kept: Uint8Array, times: Float64Array | undefined): Int32Array {
  let rows = 0;
  for (let row = 0; row < kept.length; row++) rows += kept[row]!;
  let order = new Int32Array(rows);
  for (let row = 0, at = 0; row < kept.length; row++) if (kept[row] === 1) order[at++] = row;
  if (times === undefined || isSorted(order, times)) return order;

  // Bits of a float ascend with the number once the sign is flipped, and all bits of a negative number.
  const bits = new Uint32Array(times.buffer.slice(times.byteOffset, times.byteOffset + times.byteLength));
  for (let row = 0; row < times.length; row++) {
    const negative = bits[2 * row + 1]! >>> 31 === 1;
    bits[2 * row] = negative ? ~bits[2 * row]! : bits[2 * row]!;
    bits[2 * row + 1] = negative ? ~bits[2 * row + 1]! : bits[2 * row + 1]! ^ 0x80000000;
  }
  let next = new Int32Array(rows);
  for (const { word, shift } of digits) {
    const starts = new Int32Array(DIGIT + 1);
    for (let at = 0; at < rows; at++) starts[((bits[2 * order[at]! + word]! >>> shift) & (DIGIT - 1)) + 1]!++;
    if (starts.includes(rows, 1)) continue;
    for (let value = 0; value < DIGIT; value++) starts[value + 1]! += starts[value]!;
    for (let at = 0; at < rows; at++) {
      const row = order[at]!;
      next[starts[(bits[2 * row + word]! >>> shift) & (DIGIT - 1)]!++] = row;
    }
    [order, next] = [next, order];
  }
  return order;
}

function isSorted(order: Int32Array, times: Float64Array): boolean {
  for (let at = 1; at < order.length; at++) if (times[order[at - 1]!]! > times[order[at]!]!) return false;
  return true;
}
