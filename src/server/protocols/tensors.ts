/** Rows to tensors: nested lists of one shape. */
import type { Field } from './fields.ts';
import type { Nested, Outputs } from './signatures.ts';

/** Fills rows that have fewer items than others: below every score, and a number of float32 too. */
export const lowestScore = -3.4028234663852886e38;

/** Each output with a value for each row; short lists are filled up to the longest. */
export function columnsOf(fields: readonly Field[], rows: readonly Outputs[]): ReadonlyMap<string, readonly Nested[]> {
  return new Map(
    fields.map(({ name, type, shape }) => {
      const values = rows.map((row) => row[name]!);
      if (shape[0] !== -1) return [name, values];
      const longest = values.reduce<number>((most, list) => Math.max(most, (list as readonly Nested[]).length), 0);
      const filler = type === 'score' ? lowestScore : '';
      return [name, values.map((list) => filled(list as readonly Nested[], longest, filler))];
    }),
  );
}

const filled = (list: readonly Nested[], length: number, filler: Nested): readonly Nested[] =>
  list.length === length ? list : [...list, ...Array.from({ length: length - list.length }, () => filler)];
