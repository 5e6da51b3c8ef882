/** From the chunks of a query into columns by row id. */
import { type chunkColumn, type chunkLists, isValid } from './chunk.ts';
import type { RawBags, RawNumbers } from './raw.ts';

export function fillNumbers(
  column: RawNumbers,
  ids: ArrayLike<number>,
  { items, valid }: ReturnType<typeof chunkColumn>,
): void {
  const { values, bad, nan = bad } = column;
  for (let i = 0; i < ids.length; i++) {
    if (!isValid(valid, i)) continue;
    const value = items[i]!;
    if (Number.isFinite(value)) values[ids[i]!] = value;
    else (Number.isNaN(value) ? nan : bad).push(ids[i]!);
  }
}

export function fillVectors(column: RawNumbers, ids: ArrayLike<number>, lists: ReturnType<typeof chunkLists>): void {
  const { values, bad, width } = column;
  for (let i = 0; i < ids.length; i++) {
    if (!isValid(lists.valid, i)) continue;
    const offset = lists.entries[4 * i]!;
    const target = ids[i]! * width;
    let good = lists.entries[4 * i + 2] === width;
    for (let k = 0; good && k < width; k++) {
      good = isValid(lists.elementValid, offset + k) && Number.isFinite(lists.items[offset + k]!);
      if (good) values[target + k] = lists.items[offset + k]!;
    }
    if (!good) bad.push(ids[i]!);
  }
}

export function numberBags(rows: number): {
  readonly column: RawBags;
  readonly fill: (ids: ArrayLike<number>, lists: ReturnType<typeof chunkLists>) => void;
} {
  const elements = growing((length) => new Float64Array(length));
  const starts = new Int32Array(rows);
  const ends = new Int32Array(rows);
  const bad: number[] = [];
  const column = {
    kind: 'bags' as const,
    starts,
    ends,
    bad,
    get values() {
      return elements.array;
    },
  };
  const fill = (ids: ArrayLike<number>, lists: ReturnType<typeof chunkLists>): void => {
    for (let i = 0; i < ids.length; i++) {
      if (!isValid(lists.valid, i)) continue;
      const offset = lists.entries[4 * i]!;
      const length = lists.entries[4 * i + 2]!;
      let at = elements.reserve(length);
      starts[ids[i]!] = at;
      for (let k = 0; k < length; k++) {
        if (!isValid(lists.elementValid, offset + k)) continue;
        const value = lists.items[offset + k]!;
        if (Number.isFinite(value)) elements.array[at++] = value;
        else bad.push(ids[i]!);
      }
      ends[ids[i]!] = at;
    }
  };
  return { column, fill };
}

/** An array that doubles. `reserve` gives the place of the first of so many new elements. */
export function growing<T extends Int32Array | Float64Array>(make: (length: number) => T) {
  const state = {
    array: make(1024),
    length: 0,
    reserve(count: number): number {
      const at = state.length;
      state.length += count;
      if (state.length > state.array.length) {
        const larger = make(Math.max(state.length, 2 * state.array.length));
        larger.set(state.array);
        state.array = larger;
      }
      return at;
    },
  };
  return state;
}
