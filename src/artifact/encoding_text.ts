/** Encodings compared and hashed without one text of them: a vocabulary may be longer than a text of JavaScript can be. */
import type { Encoding } from '../data/dataset.ts';
import { makeKeyTable } from '../text/key_table.ts';

const together = 65_536;

/** The pieces of what `JSON.stringify` gives. */
export function* jsonPieces(encoding: Encoding | undefined): Iterable<string> {
  if (encoding === undefined || !('values' in encoding) || (encoding.values?.length ?? 0) <= together) {
    yield JSON.stringify(encoding ?? null);
    return;
  }
  let between = '{';
  for (const [name, value] of Object.entries(encoding)) {
    if (value === undefined) continue;
    yield `${between}${JSON.stringify(name)}:`;
    between = ',';
    if (!Array.isArray(value)) yield JSON.stringify(value);
    else {
      for (let from = 0; from < value.length; from += together) {
        yield `${from === 0 ? '[' : ','}${JSON.stringify(value.slice(from, from + together)).slice(1, -1)}`;
      }
      yield ']';
    }
  }
  yield '}';
}

/** Whether both have the same JSON. */
export function sameEncoding(one: Encoding | undefined, other: Encoding | undefined): boolean {
  const [left, right] = [jsonPieces(one)[Symbol.iterator](), jsonPieces(other)[Symbol.iterator]()];
  for (;;) {
    const [a, b] = [left.next(), right.next()];
    if (a.done || b.done) return a.done === b.done;
    if (a.value !== b.value) return false;
  }
}

/** Whether a value comes twice. A `Set` of V8 ends at 2²⁴ entries. */
export function hasTwice(values: readonly string[]): boolean {
  if (values.length <= together) return new Set(values).size < values.length;
  const keys = makeKeyTable(values, values.length);
  return values.some((value, row) => keys.rowOf(value) !== row);
}
