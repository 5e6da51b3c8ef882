/** Orders of rows, without an object a row. */

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
  for (let digit = 0; digit < 4; digit++) {
    const word = digit >> 1;
    const shift = (digit & 1) * 16;
    const starts = new Int32Array(65537);
    for (let at = 0; at < rows; at++) starts[((bits[2 * order[at]! + word]! >>> shift) & 0xffff) + 1]!++;
    if (starts.includes(rows, 1)) continue;
    for (let value = 0; value < 65536; value++) starts[value + 1]! += starts[value]!;
    for (let at = 0; at < rows; at++) {
      const row = order[at]!;
      next[starts[(bits[2 * row + word]! >>> shift) & 0xffff]!++] = row;
    }
    [order, next] = [next, order];
  }
  return order;
}

function isSorted(order: Int32Array, times: Float64Array): boolean {
  for (let at = 1; at < order.length; at++) if (times[order[at - 1]!]! > times[order[at]!]!) return false;
  return true;
}
