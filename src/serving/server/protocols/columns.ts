/** From named inputs with a value for each row to rows, and from rows to outputs: what TensorFlow Serving's column format and tensors have in common. */
import { diagnose } from '../../../base/diagnostics/diagnose.ts';
import { shortenedName } from '../body.ts';
import { errorDetailOf, RequestError } from '../refused.ts';
import type { InputRow, TensorField } from './fields.ts';
import type { NestedValue, RowOutputs } from './signatures.ts';

export interface InputColumn {
  readonly name: string;
  /** JSON pointer into the request. */
  readonly at: string;
  /** A value for each row, or one for all rows. */
  readonly values: readonly unknown[];
  readonly forAll: boolean;
}

/** @throws RequestError 400 */
export function inputRows(columns: readonly InputColumn[], fields: readonly TensorField[]): readonly InputRow[] {
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
      const rowValue = values[isOne ? 0 : row];
      if (rank > 0 && !Array.isArray(rowValue)) {
        throw wrong(at, name, `has no list for row ${row}`, 'give a list for each row, such as `[["318", "50"]]`');
      }
      into[name] = rowValue;
    }
  }
  return rows;
}

export const wrong = (at: string, entry: string, reason: string, advice: string): RequestError =>
  new RequestError(400, [
    errorDetailOf(diagnose('request-value', undefined, { entry: shortenedName(entry), reason, advice }), at),
  ]);

/** Fills rows that have fewer items than others: below every score, and a number of float32 too. */
const lowestScore = -3.4028234663852886e38;

/** Each output with a value for each row; short lists are filled up to the longest. */
export function columnsOf(
  fields: readonly TensorField[],
  rows: readonly RowOutputs[],
): ReadonlyMap<string, readonly NestedValue[]> {
  return new Map(
    fields.map(({ name, type, shape }) => {
      const rowValues = rows.map((row) => row[name]!);
      if (shape[0] !== -1) return [name, rowValues];
      const longest = rowValues.reduce<number>(
        (most, list) => Math.max(most, (list as readonly NestedValue[]).length),
        0,
      );
      const filler = type === 'score' ? lowestScore : '';
      return [name, rowValues.map((list) => filled(list as readonly NestedValue[], longest, filler))];
    }),
  );
}

const filled = (list: readonly NestedValue[], length: number, filler: NestedValue): readonly NestedValue[] =>
  list.length === length ? list : [...list, ...Array.from({ length: length - list.length }, () => filler)];
