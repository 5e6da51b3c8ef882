/** Gathers rows of typed arrays in plain loops: `TypedArray.from` and iterators take several times as long. */

/** Returns `values[rows[i]]`. */
export function gatherCodes(values: Int32Array, rows: Int32Array): Int32Array {
  const gathered = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) gathered[i] = values[rows[i]!]!;
  return gathered;
}

export function gatherNumbers<T extends Float32Array | Float64Array>(
  values: Float64Array,
  rows: Int32Array,
  into: T,
): T {
  for (let i = 0; i < rows.length; i++) into[i] = values[rows[i]!]!;
  return into;
}

/** Returns the indexes where `marks` is `mark`, ascending. */
export function indexesOf(marks: Uint8Array, mark: number): Int32Array {
  let count = 0;
  for (let index = 0; index < marks.length; index++) if (marks[index] === mark) count++;
  const indexes = new Int32Array(count);
  for (let index = 0, length = 0; index < marks.length; index++) if (marks[index] === mark) indexes[length++] = index;
  return indexes;
}

/** Returns the rows that `marks` marks with 1, in the given order, or ascending. */
export function markedRows(marks: Uint8Array, order: Int32Array | undefined): Int32Array {
  if (order === undefined) return indexesOf(marks, 1);
  const rows = new Int32Array(order.length);
  let length = 0;
  for (let index = 0; index < order.length; index++) if (marks[order[index]!] === 1) rows[length++] = order[index]!;
  return rows.slice(0, length);
}

export function ascends(values: Float64Array, marks: Uint8Array): boolean {
  let previous = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < values.length; row++) {
    if (marks[row] !== 1) continue;
    if (values[row]! < previous) return false;
    previous = values[row]!;
  }
  return true;
}

/** Returns the indexes of numbers in ascending order, equal ones in their own order, by four passes over 16 bits each (least significant first). */
export function ascendingIndexes(values: ArrayLike<number>): Int32Array {
  const length = values.length;
  let indexes = new Int32Array(length);
  let isSorted = true;
  for (let index = 0; index < length; index++) {
    indexes[index] = index;
    if (index > 0 && values[index]! < values[index - 1]!) isSorted = false;
  }
  if (isSorted) return indexes;
  const keys = keysOf(values);
  let next = new Int32Array(length);
  const counts = new Int32Array(2 ** 16 + 1);
  for (let digit = 0; digit < 4; digit++) {
    counts.fill(0);
    for (let index = 0; index < length; index++) counts[keys[4 * index + digit]! + 1]!++;
    for (let digitValue = 0; digitValue < 2 ** 16; digitValue++) counts[digitValue + 1]! += counts[digitValue]!;
    for (let index = 0; index < length; index++) {
      const source = indexes[index]!;
      next[counts[keys[4 * source + digit]!]!++] = source;
    }
    [indexes, next] = [next, indexes];
  }
  return indexes;
}

/** Returns the bits of each number, made to ascend as the numbers do: four digits of 16 bits, the lowest first. */
function keysOf(values: ArrayLike<number>): Uint16Array {
  const numbers = Float64Array.from(values, (value) => value + 0);
  const halves = new Uint32Array(numbers.buffer);
  for (let index = 0; index < numbers.length; index++) {
    const high = halves[2 * index + 1]!;
    if (high >>> 31 === 1) {
      halves[2 * index] = ~halves[2 * index]!;
      halves[2 * index + 1] = ~high;
    } else halves[2 * index + 1] = high ^ 0x80000000;
  }
  return new Uint16Array(numbers.buffer);
}
