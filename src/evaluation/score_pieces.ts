/** How scores are asked of a scorer: whole rows, or of a large corpus some items at a time, so that no whole row is in memory. */
import type { Scorer } from '../scoring/scorer.ts';

/** Items of a corpus, from the first to before the last. */
export type Piece = readonly [from: number, to: number];

export interface BlockSizes {
  /** Scores of some whole rows: where they are more, and the scorer can, it scores a piece of the corpus at a time. */
  readonly most: number;
  /** Items of a piece. */
  readonly piece: number;
}

export interface ScorePieces {
  /** End to end, the whole corpus. */
  readonly pieces: readonly Piece[];
  /** How many rows are scored together. */
  readonly rowsAtOnce: number;
  /** Scores of these rows and a piece of the items: float32 [rows, items], until the next are asked for. */
  scores(rows: Int32Array): (piece: Piece) => Promise<Float32Array>;
}

/** Scores held at a time: 5 MB, which stay in the cache on their way to be counted. */
const blockNumbers = 1.25 * 2 ** 20;

/** Rows that are scored together at least: of fewer, reading the items takes longer than scoring them. */
const leastRows = 16;

const usual: BlockSizes = { most: 2 ** 24, piece: 2 ** 15 };

export function scorePieces(scorer: Scorer, items: number, { most, piece }: BlockSizes = usual): ScorePieces {
  const inPieces = scorer.scoreSome !== undefined && leastRows * items > most;
  const length = Math.max(1, inPieces ? piece : items);
  const pieces = Array.from(
    { length: Math.ceil(items / length) },
    (_, at): Piece => [at * length, Math.min(items, (at + 1) * length)],
  );
  return {
    pieces,
    rowsAtOnce: Math.max(leastRows, Math.min(1024, Math.floor(blockNumbers / length))),
    scores(rows) {
      let last: { readonly piece: Piece; readonly scores: Float32Array } | undefined;
      return async (piece) => {
        if (last?.piece === piece) return last.scores;
        const [from, to] = piece;
        const scores = await (inPieces ? scorer.scoreSome!(rows, from, to) : scorer.score(rows));
        last = { piece, scores: scores.subarray(0, rows.length * (to - from)) };
        return last.scores;
      };
    },
  };
}
