/**
 * Encodes the words of a text and each pair of adjacent words, joined by a blank: `new york city` yields new, new york, york, york city, city. `pieces.ts` maps
 * them to codes. A missing text yields none.
 */
import type { FitEncoder, MakeCoder } from './encoder_contract.ts';
import { fitPieces, piecesCoder } from './text_pieces.ts';
import { wordsOfText } from './word_encoder.ts';

export const fitBigrams: FitEncoder<'bigrams'> = fitPieces;

export const bigramsCoder: MakeCoder<'bigrams'> = piecesCoder(bigramsOf);

export function bigramsOf(text: string): readonly string[] {
  const words = wordsOfText(text);
  return words.flatMap((word, index) => (index + 1 < words.length ? [word, `${word} ${words[index + 1]}`] : [word]));
}
