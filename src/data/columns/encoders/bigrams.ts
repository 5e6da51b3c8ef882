/**
 * The words of a text and each pair of words in a row, with a blank between them: `new york city` gives new, new york, york, york city,
 * city. Each has the code of `pieces.ts`. A missing text has none.
 */
import type { FitEncoder, MakeCoder } from './contract.ts';
import { fitPieces, piecesCoder } from './pieces.ts';
import { wordsOfText } from './words.ts';

export const fitBigrams: FitEncoder<'bigrams'> = fitPieces;

export const bigramsCoder: MakeCoder<'bigrams'> = piecesCoder(bigramsOf);

export function bigramsOf(text: string): readonly string[] {
  const words = wordsOfText(text);
  return words.flatMap((word, index) => (index + 1 < words.length ? [word, `${word} ${words[index + 1]}`] : [word]));
}
