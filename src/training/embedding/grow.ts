/** Copies into a table the rows of a smaller one, wherever they are now, as they are read from a file. */
import {
  isLong,
  type LongNumbers,
  type Numbers,
  numberKindOf,
  type StoredNumbers,
  writeNumbers,
} from '../../base/storage/tensor_header.ts';
import type { Table } from './table.ts';

export interface Growth {
  readonly rows: number;
  /** The row before of each row now, −1 for a new one. Absent: all rows are where they were. */
  readonly rowsBefore?: Int32Array | undefined;
  /** The row before whose values new rows take; absent: their own first values, which are there already. */
  readonly newAs?: number;
  /** New rows that have first values of their own all the same. */
  readonly own?: ReadonlySet<number>;
}

/** The table before is written to it, from its first number to its last. */
export interface TakeOver {
  readonly values: LongNumbers;
  /** By name, as `Table.stateNumbers`. The state of new rows stays as before their first step. */
  readonly state: Readonly<Record<string, Numbers>>;
  /** After all values: new rows take theirs. */
  end(): void;
}

export function takeOver(table: Table, { rows, rowsBefore, newAs, own }: Growth): TakeOver {
  const { dim } = table;
  const rowsNow = rowsBefore && currentRowsOf(rowsBefore, rows);
  let newRow: StoredNumbers | undefined;
  const values = table.numbers();
  // Next to rows in memories of their own, what counts the steps of the whole table is short.
  const isOfRows = (slots: Numbers): boolean => isLong(slots) || !isLong(values);
  const keepNewRow = (from: number, numbers: StoredNumbers): void => {
    const at = newAs === undefined ? -1 : newAs * dim - from;
    if (at >= 0 && at < numbers.length) newRow = numbers.slice(at, at + dim);
  };
  return {
    values: movedNumbers(values, dim, rows, rowsNow, keepNewRow),
    state: Object.fromEntries(
      Object.entries(table.stateNumbers()).map(([name, slots]) => [
        name,
        isOfRows(slots) ? movedNumbers(slots, slots.length / table.rows, rows, rowsNow) : slots,
      ]),
    ),
    end() {
      rowsBefore?.forEach((row, at) => {
        if (newRow && row < 0 && !own?.has(at)) writeNumbers(values, at * dim, newRow);
      });
    },
  };
}

/** The row now of each row before; −1 where it is gone. */
function currentRowsOf(rowsBefore: Int32Array, rows: number): Int32Array {
  const currentRows = new Int32Array(rows).fill(-1);
  for (const [at, row] of rowsBefore.entries()) if (row >= 0) currentRows[row] = at;
  return currentRows;
}

function movedNumbers(
  into: Numbers,
  width: number,
  rows: number,
  rowsNow: Int32Array | undefined,
  seen?: (from: number, numbers: StoredNumbers) => void,
): LongNumbers {
  return {
    ...{ kind: numberKindOf(into), width, length: rows * width },
    read() {
      throw new Error('invariant: rows of a table before are only written');
    },
    write(from, numbers) {
      seen?.(from, numbers);
      if (!rowsNow) {
        writeNumbers(into, from, numbers);
        return;
      }
      const first = from / width;
      for (let i = 0; i < numbers.length / width; i++) {
        const row = rowsNow[first + i]!;
        if (row >= 0) writeNumbers(into, row * width, numbers.subarray(i * width, (i + 1) * width));
      }
    },
  };
}
