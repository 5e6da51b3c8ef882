/** Rows of typed arrays picked by their places: plain loops, for `TypedArray.from` and iterators take several times as long. */

/** `values[rows[i]]` */
export function gather(values: Int32Array, rows: Int32Array): Int32Array {
  const picked = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]!]!;
  return picked;
}

export function gatherNumbers<T extends Float32Array | Float64Array>(
  values: Float64Array,
  rows: Int32Array,
  into: T,
): T {
  for (let i = 0; i < rows.length; i++) into[i] = values[rows[i]!]!;
  return into;
}

/** The places where `marks` is `mark`, ascending. */
export function placesOf(marks: Uint8Array, mark: number): Int32Array {
  let count = 0;
  for (let at = 0; at < marks.length; at++) if (marks[at] === mark) count++;
  const places = new Int32Array(count);
  for (let at = 0, next = 0; at < marks.length; at++) if (marks[at] === mark) places[next++] = at;
  return places;
}

/** The rows that `marks` marks with 1, in the order given, or ascending. */
export function markedRows(marks: Uint8Array, order: Int32Array | undefined): Int32Array {
  if (order === undefined) return placesOf(marks, 1);
  const rows = new Int32Array(order.length);
  let length = 0;
  for (let at = 0; at < order.length; at++) if (marks[order[at]!] === 1) rows[length++] = order[at]!;
  return rows.slice(0, length);
}

/** Whether the numbers of the marked rows ascend. */
export function ascends(values: Float64Array, marks: Uint8Array): boolean {
  let last = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < values.length; at++) {
    if (marks[at] !== 1) continue;
    if (values[at]! < last) return false;
    last = values[at]!;
  }
  return true;
}
