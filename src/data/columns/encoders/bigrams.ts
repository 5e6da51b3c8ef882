/**
 * The words of a text and each pair of words in a row, with a blank between them: `new york city` gives new, new york, york, york city,
 * city. Each has the code of `pieces.ts`. A missing text has none.
 */
import type { Fit, MakeCoder } from './contract.ts';
import { fitPieces, piecesCoder } from './pieces.ts';
import { wordsOf } from './words.ts';

export const fitBigrams: Fit<'bigrams'> = fitPieces;

export const bigramsCoder: MakeCoder<'bigrams'> = piecesCoder(bigramsOf);

/** In their order, repeated ones repeated. */
export function bigramsOf(text: string): readonly string[] {
  const words = wordsOf(text);
  return words.flatMap((word, at) => (at + 1 < words.length ? [word, `${word} ${words[at + 1]}`] : [word]));
}
