/**
 * Encodes the words of a text in lower case; `pieces.ts` maps them to codes. A word is a sequence of letters and digits of any script, after Unicode's
 * canonical composition (NFC). A missing text yields none.
 */
import type { FitEncoder, MakeCoder } from './encoder_contract.ts';
import { fitPieces, piecesCoder } from './text_pieces.ts';

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
