/**
 * Code 0 represents a value outside of the vocabulary, and a missing value; 1, 2 … are the values of the training part, the
 * most frequent first, equally frequent ones in the order of their UTF-16 units; or the values that were declared, as declared.
 */
import { type KeyTable, makeKeyTable } from '../../../text/key_table.ts';
import type { Fit, MakeCoder } from './contract.ts';

export const fitVocabulary: Fit<'vocabulary'> = ({ minimumCount, values }, { texts: { texts, counts } }) => {
  if (values !== undefined) return { kind: 'vocabulary', values };
  const places: number[] = [];
  for (let place = 1; place < texts.length; place++) {
    if (counts[place]! >= Math.max(1, minimumCount)) places.push(place);
  }
  places.sort((a, b) => counts[b]! - counts[a]! || (texts[a]! < texts[b]! ? -1 : 1));
  return { kind: 'vocabulary', values: places.map((place) => texts[place]!) };
};

export const vocabularyCoder: MakeCoder<'vocabulary'> = ({ values }) => {
  // A large table, and many callers only ask what the coder reads.
  let keys: KeyTable | undefined;
  return {
    reads: 'text',
    gives: 'code',
    code: (text) => (keys ??= makeKeyTable(values, values.length)).rowOf(text) + 1,
  };
};
