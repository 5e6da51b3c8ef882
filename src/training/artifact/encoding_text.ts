/** Compares and hashes encodings without one text of them: a vocabulary may be longer than a text of JavaScript can be. */
import { makeKeyTable } from '../../base/text/key_table.ts';
import { isTexts, slicesOf, type Texts } from '../../base/text/texts.ts';
import type { Encoding } from '../../data/dataset.ts';

const valuesAtOnce = 65_536;

/** Yields the pieces of the text of `JSON.stringify`. */
export function* jsonPieces(encoding: Encoding | undefined): Iterable<string> {
  if (encoding === undefined || !('values' in encoding) || (encoding.values?.length ?? 0) <= valuesAtOnce) {
    yield JSON.stringify(encoding ?? null);
    return;
  }
  let separator = '{';
  for (const [name, value] of Object.entries(encoding)) {
    if (value === undefined) continue;
    yield `${separator}${JSON.stringify(name)}:`;
    separator = ',';
    if (!isTexts(value)) yield JSON.stringify(value);
    else {
      let listSeparator = '[';
      for (const slice of slicesOf(value, valuesAtOnce)) {
        yield `${listSeparator}${JSON.stringify(slice).slice(1, -1)}`;
        listSeparator = ',';
      }
      yield ']';
    }
  }
  yield '}';
}

export function sameEncoding(one: Encoding | undefined, other: Encoding | undefined): boolean {
  const [left, right] = [jsonPieces(one)[Symbol.iterator](), jsonPieces(other)[Symbol.iterator]()];
  for (;;) {
    const [a, b] = [left.next(), right.next()];
    if (a.done || b.done) return a.done === b.done;
    if (a.value !== b.value) return false;
  }
}

/** True if a value comes twice. A `Set` of V8 ends at 2²⁴ entries. */
export function hasTwice(values: Texts): boolean {
  if (values.length <= valuesAtOnce) return new Set(values).size < values.length;
  const keys = makeKeyTable(values, values.length);
  return keys.rowsOf(values).some((known, row) => known !== row);
}
