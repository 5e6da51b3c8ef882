/** Encodes texts as pieces, each with a code of its own or the code of its hash. */
import { packTexts, type Texts } from '../../base/text/texts.ts';
import type { Coder } from './encoder_contract.ts';
import { murmur3 } from './murmur3.ts';

export type SplitText = (text: string) => readonly string[];

interface PieceEncoder<K extends string> {
  readonly kind: K;
  readonly buckets: number;
  readonly values?: Texts;
}

/** Learns nothing, because the pieces come from a file or are hashed. */
export const fitPieces = <K extends string>({ kind, buckets, values }: PieceEncoder<K>): PieceEncoder<K> => ({
  kind,
  buckets,
  values: values && packTexts(values),
});

/** Piece i of `values` has the code buckets + i; any other piece has its hash modulo buckets. */
export const piecesCoder =
  (split: SplitText) =>
  ({ buckets, values = [] }: PieceEncoder<string>): Coder => {
    const codeOfPiece = new Map([...values].map((piece, index) => [piece, buckets + index] as const));
    return {
      reads: 'text',
      gives: 'bag',
      codes: (text) => split(text).map((piece) => codeOfPiece.get(piece) ?? murmur3(piece) % buckets),
    };
  };
