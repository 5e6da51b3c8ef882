/** Defines the encodings of an earlier run, for data on which the run is evaluated or continued. */
import { makeKeyTable } from '../base/text/key_table.ts';
import { areTextsEqual, concatTexts, pickTexts } from '../base/text/texts.ts';
import { listRowIndexes } from '../base/util/objects.ts';
import type { Admission, Encoding, Fresh, Until } from './dataset.ts';

export interface Pinned {
  /** Fitted encodings by the feature that owns them. Their codes do not change. */
  readonly encodings: ReadonlyMap<string, Encoding>;
  /** True if training values that the encodings lack get new codes. Absent: they are unseen values. */
  readonly grows?: boolean;
  readonly admissions?: ReadonlyMap<string, Admission>;
  /** Selects the new training events. Absent: all. */
  readonly fresh?: Fresh;
  /** With `fresh`: the number of earlier events that training adds for each new one. */
  readonly replay?: number;
  /** Number of events that the run was trained on, if it is known. Other data may have more of them. */
  readonly trainedEvents?: number;
  /** The last training event of the run that is continued. */
  readonly until?: Until;
  /** The last training event of a run that is evaluated on data other than its own. */
  readonly trainedUntil?: Until;
  /** True if that run trained on all events up to `until` or `trainedUntil`, including those of its last time. */
  readonly trainedAll?: boolean;
}

/**
 * Adds the values of new data to the encoding of a run. Old values keep their codes, and new ones follow in the order of `fitted`. Boundaries, means and
 * deviations stay the same, because the weights depend on them.
 */
export function grownEncoding(before: Encoding, fitted: Encoding): Encoding {
  if (!('values' in before) || !('values' in fitted) || before.values === undefined) return before;
  const oldValues = makeKeyTable(before.values, before.values.length);
  const values = fitted.values ?? [];
  const newIndexes = indexesWhere(oldValues.rowsOf(values), (row) => row < 0);
  return newIndexes.length === 0
    ? before
    : { ...before, values: concatTexts(before.values, pickTexts(values, newIndexes)) };
}

/** Returns the old table row of each row, −1 for a new one; undefined if no row has moved and none is new. */
export function rowsBefore(before: Encoding, now: Encoding, rows: number): Int32Array | undefined {
  if (!('values' in before) || !('values' in now) || !before.values || !now.values) return undefined;
  if (areTextsEqual(before.values, now.values)) return undefined;
  const oldRows = listRowIndexes(rows);
  // Rows without a value come first: the one for unseen values, or those for hashes.
  const firstValueRow = rows - now.values.length;
  makeKeyTable(before.values, before.values.length)
    .rowsOf(now.values)
    .forEach((row, index) => {
      oldRows[firstValueRow + index] = row < 0 ? -1 : firstValueRow + row;
    });
  return oldRows;
}

const indexesWhere = (rows: Int32Array, is: (row: number) => boolean): number[] =>
  Array.from(rows.keys()).filter((index) => is(rows[index]!));
