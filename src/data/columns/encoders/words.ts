/**
 * The words of a text, lower case, each with the code of `pieces.ts`. A word is a run of letters and digits of any script,
 * after Unicode's canonical composition (NFC). A missing text has none.
 */
import type { FitEncoder, MakeCoder } from './contract.ts';
import { fitPieces, piecesCoder } from './pieces.ts';

export const fitWords: FitEncoder<'words'> = fitPieces;

export const wordsCoder: MakeCoder<'words'> = piecesCoder(wordsOfText);

export function wordsOfText(text: string): readonly string[] {
  return (
    text
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  );
}
