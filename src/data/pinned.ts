/** Encodings of a run that is there already, for data that it is asked about or goes on with. */

import { everyRow } from '../every_row.ts';
import { makeKeyTable } from '../text/key_table.ts';
import { joinedTexts, pickTexts, sameTexts } from '../text/texts.ts';
import type { Admission } from './columns/admission.ts';
import type { Encoding } from './dataset.ts';
import type { Fresh, Until } from './rows/fresh.ts';

export interface Pinned {
  /** Fitted encodings, by the feature that owns them: their codes keep their meaning. */
  readonly encodings: ReadonlyMap<string, Encoding>;
  /** Whether values that training has and the encodings do not have get codes. Absent: they are unseen. */
  readonly grows?: boolean;
  /** What the run counted of values that are admitted, by feature. */
  readonly admissions?: ReadonlyMap<string, Admission>;
  /** Which training events are new. Absent: all. */
  readonly fresh?: Fresh;
  /** With `fresh`: earlier events that training adds for each new one. */
  readonly replay?: number;
  /** The last training event of the run that this one went on from. */
  readonly until?: Until;
  /** The last training event of the run that is asked about other data than its own. */
  readonly trainedUntil?: Until;
}

/**
 * The encoding of a run, with the values that new data adds. Old values keep their codes, new ones follow in the order of `fitted`.
 * Boundaries, means and deviations stay as they are: the weights have learned what they mean.
 */
export function grown(before: Encoding, fitted: Encoding): Encoding {
  if (!('values' in before) || !('values' in fitted) || before.values === undefined) return before;
  const known = makeKeyTable(before.values, before.values.length);
  const values = fitted.values ?? [];
  const added = placesWhere(known.rowsOf(values), (row) => row < 0);
  return added.length === 0 ? before : { ...before, values: joinedTexts(before.values, pickTexts(values, added)) };
}

/** The table row before of each row now: −1 for a new one. Undefined where each row is where it was, and none is new. */
export function rowsBefore(before: Encoding, now: Encoding, rows: number): Int32Array | undefined {
  if (!('values' in before) || !('values' in now) || !before.values || !now.values) return undefined;
  if (sameTexts(before.values, now.values)) return undefined;
  const places = everyRow(rows);
  // Rows that are of no value come first: that of unseen values, or those of hashes.
  const first = rows - now.values.length;
  const known = makeKeyTable(before.values, before.values.length);
  known.rowsOf(now.values).forEach((row, at) => {
    places[first + at] = row < 0 ? -1 : first + row;
  });
  return places;
}

const placesWhere = (rows: Int32Array, is: (row: number) => boolean): number[] =>
  Array.from(rows.keys()).filter((place) => is(rows[place]!));
