/**
 * The words of a text, lower case, each hashed as `hash` hashes a value. A word is a run of letters and digits of any script,
 * after Unicode's canonical composition (NFC). A missing text has none.
 */
import type { Fit, MakeCoder } from './contract.ts';
import { murmur3 } from './murmur3.ts';

export const fitWords: Fit<'words'> = ({ buckets }) => ({ kind: 'words', buckets });

export const wordsCoder: MakeCoder<'words'> = ({ buckets }) => ({
  reads: 'text',
  gives: 'bag',
  codes: (text) => wordsOf(text).map((word) => murmur3(word) % buckets),
});

/** In their order, repeated ones repeated. */
export function wordsOf(text: string): readonly string[] {
  return (
    text
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  );
}
