/** A table that takes over the rows of a smaller one, wherever they are now. */
import { invariant } from '../diagnostics/failure.ts';
import { isLong, type Numbers } from '../storage/tensor_header.ts';
import type { Table } from './table.ts';

/** What a table was: float32 [rows, dim], and the state of its optimizer by name, as `Table.state` has it. */
export interface TableBefore {
  readonly values: Float32Array;
  readonly state: Readonly<Record<string, Float32Array | Int32Array>>;
}

export interface Growth {
  /** The row before of each row now, −1 for a new one. Absent: all rows are where they were. */
  readonly rowsBefore?: Int32Array | undefined;
  /** The row before whose values new rows take; absent: their own first values, which are there already. */
  readonly newAs?: number;
  /** New rows that have first values of their own all the same. */
  readonly own?: ReadonlySet<number>;
}

/** The optimizer's state of new rows stays as before their first step. */
export function takeOver(table: Table, before: TableBefore, { rowsBefore, newAs, own }: Growth): void {
  const { dim } = table;
  copyRows(table.numbers(), before.values, dim, rowsBefore);
  for (const [name, slots] of Object.entries(table.stateNumbers())) {
    const from = before.state[name];
    invariant(from, `table ${table.name} had no state ${name}`);
    // What counts the steps of a whole table has no rows.
    if (slots.length < table.rows) write(slots, 0, from);
    else copyRows(slots, from, slots.length / table.rows, rowsBefore);
  }
  if (newAs === undefined) return;
  const values = table.numbers();
  const source = before.values.subarray(newAs * dim, (newAs + 1) * dim);
  rowsBefore?.forEach((row, at) => {
    if (row < 0 && !own?.has(at)) write(values, at * dim, source);
  });
}

/** Wherever the numbers are: a large table has its rows in several memories. */
function write(into: Numbers, at: number, from: Float32Array | Int32Array): void {
  if (isLong(into)) into.write(at, from);
  else into.set(from, at);
}

function copyRows(
  into: Numbers,
  from: Float32Array | Int32Array,
  width: number,
  rowsBefore: Int32Array | undefined,
): void {
  if (rowsBefore === undefined) {
    write(into, 0, from);
    return;
  }
  for (let row = 0; row < rowsBefore.length; row++) {
    const old = rowsBefore[row]!;
    if (old >= 0) write(into, row * width, from.subarray(old * width, (old + 1) * width));
  }
}
