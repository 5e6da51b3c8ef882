/** A table that takes over the rows of a smaller one, wherever they are now. */
import { invariant } from '../diagnostics/failure.ts';
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
  copyRows(table.values(), before.values, dim, rowsBefore);
  for (const [name, slots] of Object.entries(table.state())) {
    const from = before.state[name];
    invariant(from, `table ${table.name} had no state ${name}`);
    copyRows(slots, from, slots.length / table.rows, rowsBefore);
  }
  if (newAs === undefined) return;
  const values = table.values();
  const source = before.values.subarray(newAs * dim, (newAs + 1) * dim);
  rowsBefore?.forEach((row, at) => {
    if (row < 0 && !own?.has(at)) values.set(source, at * dim);
  });
}

function copyRows<T extends Float32Array | Int32Array>(
  into: T,
  from: Float32Array | Int32Array,
  width: number,
  rowsBefore: Int32Array | undefined,
): void {
  if (rowsBefore === undefined) {
    into.set(from);
    return;
  }
  for (let row = 0; row < rowsBefore.length; row++) {
    const old = rowsBefore[row]!;
    if (old >= 0) into.set(from.subarray(old * width, (old + 1) * width), row * width);
  }
}
