/**
 * Letter trigrams of `#word#` for every word of a text (Huang et al., CIKM 2013, section 3.2): `good` gives #go, goo, ood, od#.
 * Each is hashed as `hash` hashes a value. A missing text has none.
 */
import type { Fit, MakeCoder } from './contract.ts';
import { murmur3 } from './murmur3.ts';
import { wordsOf } from './words.ts';

export const fitTrigrams: Fit<'trigrams'> = ({ buckets }) => ({ kind: 'trigrams', buckets });

export const trigramsCoder: MakeCoder<'trigrams'> = ({ buckets }) => ({
  reads: 'text',
  gives: 'bag',
  codes: (text) => trigramsOf(text).map((trigram) => murmur3(trigram) % buckets),
});

/** In their order, repeated ones repeated. */
export function trigramsOf(text: string): readonly string[] {
  return wordsOf(text).flatMap((word) => {
    const letters = [...`#${word}#`];
    return letters.slice(2).map((_, at) => letters.slice(at, at + 3).join(''));
  });
}
