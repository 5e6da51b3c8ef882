/** A batch cut by the length of a list: each part has the rows whose lists fit its places, and not those of a shorter part. */
import { invariant } from '../../base/diagnostics/failure.ts';
import type { Windows } from './windows.ts';

export interface BatchPart {
  /** Events, in the order of the batch. A part without any has one that only fills it up: no graph has empty tensors. */
  readonly rows: Int32Array;
  /** By row, its index in the batch. */
  readonly places: Int32Array;
  /** 1, and 0 for a row that only fills up. */
  readonly known: Float32Array;
  /** Present where the targets are positions. */
  readonly sequences?: BatchSequences;
}

export interface PartsOptions {
  /** Places of the parts, ascending; the last is as long as lists may be. */
  readonly lengths: readonly number[];
  /** Elements of the list of an event, or of its whole sequence. */
  lengthOf(event: number): number;
  readonly windows?: Windows;
}

/** Returns a function that cuts a batch into parts, in the order of their lengths. */
export function makeParts({ lengths, lengthOf, windows }: PartsOptions): (batch: Int32Array) => readonly BatchPart[] {
  const sequencesOf = windows && lengths.map((length) => makeSequences(windows, length));
  return (batch) => {
    const places = lengths.map((): number[] => []);
    batch.forEach((event, place) => {
      const length = lengthOf(event);
      places[lengths.findIndex((most) => length <= most)]!.push(place);
    });
    return places.map((own, at): BatchPart => {
      if (own.length === 0) return filling(batch[0]!, windows);
      const rows = Int32Array.from(own, (place) => batch[place]!);
      const known = new Float32Array(own.length).fill(1);
      return {
        rows,
        places: Int32Array.from(own),
        known,
        ...(sequencesOf ? { sequences: sequencesOf[at]!(rows) } : {}),
      };
    });
  };
}

/** The first elements of any row's list, whose vector counts 0. */
function filling(event: number, windows: Windows | undefined): BatchPart {
  const part = { rows: Int32Array.of(event), places: Int32Array.of(0), known: Float32Array.of(0) };
  if (!windows) return part;
  const windowIndex = windows.windowOf[event]!;
  return { ...part, sequences: { rows: Int32Array.of(windows.rows[windowIndex]!), places: Int32Array.of(0) } };
}

/** Lists of a batch as sequences, each window once. */
export interface BatchSequences {
  /** Events whose lists the windows are, in the order in which the batch comes to them. */
  readonly rows: Int32Array;
  /** By row of the batch, the index of the end of its list among the elements of all sequences, `max` a sequence. */
  readonly places: Int32Array;
}

/**
 * A function whose views the next batch reuses.
 * @param max elements of a sequence
 */
export function makeSequences(windows: Windows, max: number): (batch: Int32Array) => BatchSequences {
  const { windowOf, placeOf } = windows;
  /** By window, its index among those of the batch; −1 between batches. */
  const sequenceOf = new Int32Array(windows.rows.length).fill(-1);
  let rows = new Int32Array(0);
  let places = new Int32Array(0);
  return (batch) => {
    if (rows.length < batch.length) {
      rows = new Int32Array(batch.length);
      places = new Int32Array(batch.length);
    }
    let usedRows = 0;
    for (let i = 0; i < batch.length; i++) {
      const windowIndex = windowOf[batch[i]!]!;
      invariant(windowIndex >= 0, 'an event without a list is not the target of a position');
      if (sequenceOf[windowIndex]! < 0) {
        rows[usedRows] = windows.rows[windowIndex]!;
        sequenceOf[windowIndex] = usedRows++;
      }
      places[i] = sequenceOf[windowIndex]! * max + placeOf[batch[i]!]!;
    }
    for (let i = 0; i < batch.length; i++) sequenceOf[windowOf[batch[i]!]!] = -1;
    return { rows: rows.subarray(0, usedRows), places: places.subarray(0, batch.length) };
  };
}
