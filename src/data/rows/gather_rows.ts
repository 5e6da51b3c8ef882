/** Gathers rows of typed arrays in plain loops, because `TypedArray.from` and iterators are several times slower. */
import type { Events } from '../dataset.ts';

/** Returns `values[rows[i]]`. */
export function gatherCodes(values: Int32Array, rows: Int32Array): Int32Array {
  const gathered = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) gathered[i] = values[rows[i]!]!;
  return gathered;
}

export function gatherNumbers<T extends Float32Array | Float64Array>(
  values: Float32Array | Float64Array,
  rows: Int32Array,
  into: T,
): T {
  for (let i = 0; i < rows.length; i++) into[i] = values[rows[i]!]!;
  return into;
}

/** Returns the indexes at which `marks` equals `mark`, in ascending order. */
export function indexesOf(marks: Uint8Array, mark: number): Int32Array {
  let markedCount = 0;
  for (let index = 0; index < marks.length; index++) if (marks[index] === mark) markedCount++;
  const indexes = new Int32Array(markedCount);
  for (let index = 0, length = 0; index < marks.length; index++) if (marks[index] === mark) indexes[length++] = index;
  return indexes;
}

/** Returns the last event of each user, which stands for the user if the rows of a step are users: ascending rows. */
export function lastRowsOfUsers({ user }: Pick<Events, 'user'>): Int32Array {
  const lastRowOf = new Map<number, number>();
  user.forEach((u, row) => {
    if (u >= 0) lastRowOf.set(u, row);
  });
  return Int32Array.from(lastRowOf.values()).sort();
}
