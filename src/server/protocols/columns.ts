/** From named inputs with a value for each row to rows, and from rows to outputs: what TensorFlow Serving's column format and tensors have in common. */
import { diagnose } from '../../diagnostics/diagnose.ts';
import { mistakeOf, Refused } from '../refused.ts';
import type { Field } from './fields.ts';
import type { Row } from './rows.ts';
import type { Nested, Outputs } from './signatures.ts';

export interface Column {
  readonly name: string;
  /** Where the request has it: a JSON pointer. */
  readonly at: string;
  /** A value for each row, or one for all rows. */
  readonly values: readonly unknown[];
  readonly forAll: boolean;
}

/** @throws Refused 400 */
export function rowsOf(columns: readonly Column[], fields: readonly Field[]): readonly Row[] {
  const count = columns.reduce((most, { values, forAll }) => (forAll ? most : Math.max(most, values.length)), 1);
  const rows = Array.from({ length: count }, () => Object.create(null) as Record<string, unknown>);
  for (const column of columns) {
    const { name, values, at } = column;
    if (columns.find((each) => each.name === name) !== column) throw wrong(at, name, 'is given twice', 'give it once');
    const isOne = values.length === 1;
    if (!isOne && values.length !== count) {
      throw wrong(at, name, `has ${values.length} values, and other inputs have ${count}`, 'give one for each row');
    }
    const rank = fields.find((field) => field.name === name)?.shape.length ?? 0;
    for (const [row, into] of rows.entries()) {
      const value = values[isOne ? 0 : row];
      if (rank > 0 && !Array.isArray(value)) {
        throw wrong(at, name, `has no list for row ${row}`, 'give a list for each row, such as `[["318", "50"]]`');
      }
      into[name] = value;
    }
  }
  return rows;
}

export const wrong = (at: string, entry: string, reason: string, advice: string): Refused =>
  new Refused(400, [mistakeOf(diagnose('request-value', undefined, { entry: shortened(entry), reason, advice }), at)]);

export const shortened = (name: string): string => (name.length > 60 ? `${name.slice(0, 60)}…` : name);

/** Fills rows that have fewer items than others: below every score, and a number of float32 too. */
const lowestScore = -3.4028234663852886e38;

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
