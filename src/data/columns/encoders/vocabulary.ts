/**
 * Code 0 represents a value outside of the vocabulary, and a missing value; 1, 2 … are the values of the training part, the
 * most frequent first, equally frequent ones in the order of their UTF-16 units; or the values that were declared, as declared.
 */

import { type KeyTable, makeKeyTable } from '../../../text/key_table.ts';
import { compareTexts, packTexts, pickTexts } from '../../../text/texts.ts';
import { ascendingPlaces } from '../../rows/ascending_places.ts';
import type { Fit, MakeCoder } from './contract.ts';

export const fitVocabulary: Fit<'vocabulary'> = ({ minimumCount, values }, { texts: { texts, counts } }) => {
  if (values !== undefined) return { kind: 'vocabulary', values: packTexts(values) };
  const places = placesOf(counts, Math.max(1, minimumCount));
  const descending = ascendingPlaces(Float64Array.from(places, (place) => -counts[place]!)).map((at) => places[at]!);
  // Dictionaries are in the order of bytes, which is nearly always that of units.
  const isOrdered = places.every((place, at) => at === 0 || compareTexts(texts, places[at - 1]!, place) < 0);
  if (!isOrdered) descending.sort((a, b) => counts[b]! - counts[a]! || compareTexts(texts, a, b));
  return { kind: 'vocabulary', values: pickTexts(texts, descending) };
};

/** Places, but for the first, that have a count at least. */
function placesOf(counts: ArrayLike<number>, least: number): Int32Array {
  const places = new Int32Array(counts.length);
  let length = 0;
  for (let place = 1; place < counts.length; place++) if (counts[place]! >= least) places[length++] = place;
  return places.subarray(0, length);
}

export const vocabularyCoder: MakeCoder<'vocabulary'> = ({ values }) => {
  // A large table, and many callers only ask what the coder reads.
  let made: KeyTable | undefined;
  const keys = (): KeyTable => (made ??= makeKeyTable(values, values.length));
  return {
    reads: 'text',
    gives: 'code',
    code: (text) => keys().rowOf(text) + 1,
    codesOf: (texts) =>
      keys()
        .rowsOf(texts)
        .map((row) => row + 1),
  };
};
