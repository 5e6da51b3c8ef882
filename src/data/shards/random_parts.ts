/** Finds the parts of a random split, which draws places in the order of time, for events that are read in another order. */

import { ascendingIndexes } from '../../base/util/ascending_indexes.ts';
import type { Split } from '../../graph/plan/data_description.ts';
import { partsOfUsers } from '../rows/split.ts';
import { isBefore, type Moment, momentsAt, type Times } from './partition_source.ts';

type RandomSplit = Extract<Split, { kind: 'random' }>;

/** Returns the part of each place in the order of time, as an index in `parts`. */
export const randomParts = (split: RandomSplit, rows: number): Uint8Array =>
  partsOfUsers(split, { rows, user: new Int32Array(0), users: 0 });

/**
 * Returns the part of each event by its rank in the order of reading. It sorts `most` events at a time: one span of time after the other.
 * @param pieces returns all events, once for each span
 */
export async function randomPartsByRank(
  pieces: () => AsyncIterable<Times>,
  split: RandomSplit,
  { rows, most }: { readonly rows: number; readonly most: number },
): Promise<Uint8Array> {
  const partOfPlace = randomParts(split, rows);
  const partOfRank = new Uint8Array(rows);
  const spans = Math.ceil(rows / most);
  const firstPlaces = Array.from({ length: spans - 1 }, (_, index) => (index + 1) * most);
  const firsts = (await momentsAt(pieces, firstPlaces, Math.ceil(most / spans))) as Moment[];
  for (let span = 0; span < spans; span++) {
    const [first, next] = [firsts[span - 1], firsts[span]];
    const size = Math.min(most, rows - span * most);
    const times = new Float64Array(size);
    const ranks = new Int32Array(size);
    let filled = 0;
    for await (const piece of pieces()) {
      for (let i = 0; i < piece.rows.length; i++) {
        const [time, row] = [piece.times[i]!, piece.rows[i]!];
        if ((first && isBefore(time, row, first)) || (next && !isBefore(time, row, next))) continue;
        times[filled] = time;
        ranks[filled++] = piece.ranks[i]!;
      }
    }
    const byRank = ascendingIndexes(ranks);
    const byTime = ascendingIndexes(Float64Array.from(byRank, (rank) => times[rank]!));
    for (let place = 0; place < size; place++) {
      partOfRank[ranks[byRank[byTime[place]!]!]!] = partOfPlace[span * most + place]!;
    }
  }
  return partOfRank;
}
