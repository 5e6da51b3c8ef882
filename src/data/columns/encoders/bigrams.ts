/**
 * The words of a text and each pair of words in a row, with a blank between them: `new york city` gives new, new york, york, york city,
 * city. Each is hashed as `hash` hashes a value. A missing text has none.
 */
import type { Fit, MakeCoder } from './contract.ts';
import { murmur3 } from './murmur3.ts';
import { wordsOf } from './words.ts';

export const fitBigrams: Fit<'bigrams'> = ({ buckets }) => ({ kind: 'bigrams', buckets });

export const bigramsCoder: MakeCoder<'bigrams'> = ({ buckets }) => ({
  reads: 'text',
  gives: 'bag',
  codes: (text) => bigramsOf(text).map((piece) => murmur3(piece) % buckets),
});

/** In their order, repeated ones repeated. */
export function bigramsOf(text: string): readonly string[] {
  const words = wordsOf(text);
  return words.flatMap((word, at) => (at + 1 < words.length ? [word, `${word} ${words[at + 1]}`] : [word]));
}
