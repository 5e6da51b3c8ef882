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
