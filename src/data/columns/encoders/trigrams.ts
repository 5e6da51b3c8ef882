/**
 * Letter trigrams of `#word#` for every word of a text (Huang et al., CIKM 2013, section 3.2): `good` gives #go, goo, ood, od#.
 * Each has the code of `pieces.ts`. A missing text has none.
 */
import type { FitEncoder, MakeCoder } from './contract.ts';
import { fitPieces, piecesCoder } from './pieces.ts';
import { wordsOfText } from './words.ts';

export const fitTrigrams: FitEncoder<'trigrams'> = fitPieces;

export const trigramsCoder: MakeCoder<'trigrams'> = piecesCoder(trigramsOf);

export function trigramsOf(text: string): readonly string[] {
  return wordsOfText(text).flatMap((word) => {
    const letters = [...`#${word}#`];
    return letters.slice(2).map((_, at) => letters.slice(at, at + 3).join(''));
  });
}
