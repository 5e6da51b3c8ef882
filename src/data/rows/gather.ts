/** Gathers rows of typed arrays in plain loops: `TypedArray.from` and iterators take several times as long. */

/** Returns `values[rows[i]]`. */
export function gather(values: Int32Array, rows: Int32Array): Int32Array {
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
