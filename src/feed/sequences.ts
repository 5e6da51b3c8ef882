/** The lists of a batch as sequences, each window once. */
import { invariant } from '../diagnostics/failure.ts';
import type { Windows } from './windows.ts';

export interface Sequences {
  /** Events whose lists the windows are, in the order in which the batch comes to them. */
  readonly rows: Int32Array;
  /** Of each row of the batch, where its list ends among the elements of all sequences, `max` a sequence. */
  readonly places: Int32Array;
}

/**
 * A function whose views the next batch reuses.
 * @param max elements of a sequence
 */
export function makeSequences(windows: Windows, max: number): (batch: Int32Array) => Sequences {
  const { windowOf, placeOf } = windows;
  /** Of each window its place among the batch's; −1 between batches. */
  const sequenceOf = new Int32Array(windows.rows.length).fill(-1);
  let rows = new Int32Array(0);
  let places = new Int32Array(0);
  return (batch) => {
    if (rows.length < batch.length) {
      rows = new Int32Array(batch.length);
      places = new Int32Array(batch.length);
    }
    let used = 0;
    for (let i = 0; i < batch.length; i++) {
      const window = windowOf[batch[i]!]!;
      invariant(window >= 0, 'an event without a list is not the target of a position');
      if (sequenceOf[window]! < 0) {
        rows[used] = windows.rows[window]!;
        sequenceOf[window] = used++;
      }
      places[i] = sequenceOf[window]! * max + placeOf[batch[i]!]!;
    }
    for (let i = 0; i < batch.length; i++) sequenceOf[windowOf[batch[i]!]!] = -1;
    return { rows: rows.subarray(0, used), places: places.subarray(0, batch.length) };
  };
}
