/**
 * Encodes the letter trigrams of `#word#` for each word of a text (Huang et al., CIKM 2013, section 3.2): `good` yields #go, goo, ood, od#. `pieces.ts` maps
 * them to codes. A missing text yields none.
 */
import type { FitEncoder, MakeCoder } from './encoder_contract.ts';
import { fitPieces, piecesCoder } from './text_pieces.ts';
import { wordsOfText } from './word_encoder.ts';

export const fitTrigrams: FitEncoder<'trigrams'> = fitPieces;

export const trigramsCoder: MakeCoder<'trigrams'> = piecesCoder(trigramsOf);

export function trigramsOf(text: string): readonly string[] {
  return wordsOfText(text).flatMap((word) => {
    const letters = [...`#${word}#`];
    return letters.slice(2).map((_, index) => letters.slice(index, index + 3).join(''));
  });
}
