/** What the encoders of text have in common: a text in pieces, each with a code of its own or with that of its hash. */

import { defined } from '../../../defined.ts';
import { packTexts, type Texts } from '../../../text/texts.ts';
import type { Coder } from './contract.ts';
import { murmur3 } from './murmur3.ts';

/** The pieces of a text, in their order, repeated ones repeated. */
export type Split = (text: string) => readonly string[];

interface Pieces<K extends string> {
  readonly kind: K;
  /** Rows of pieces that are hashed. */
  readonly buckets: number;
  /** Pieces that have a row each, after those. */
  readonly values?: Texts;
}

/** Nothing is learned: the pieces are those of a file, or all are hashed. */
export const fitPieces = <K extends string>({ kind, buckets, values }: Pieces<K>): Pieces<K> => ({
  kind,
  buckets,
  ...defined({ values: values && packTexts(values) }),
});

/** Piece i of `values` has the code buckets + i, any other its hash modulo buckets. */
export const piecesCoder =
  (split: Split) =>
  ({ buckets, values = [] }: Pieces<string>): Coder => {
    const known = new Map([...values].map((piece, at) => [piece, buckets + at] as const));
    return {
      reads: 'text',
      gives: 'bag',
      codes: (text) => split(text).map((piece) => known.get(piece) ?? murmur3(piece) % buckets),
    };
  };
