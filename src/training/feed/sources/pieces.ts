import type { MakeSource } from '../source.ts';
import { accidentalHits } from './accidental_hits.ts';

/** int32 [pieces, piece]; the last row fills up. */
export const pieceRows: MakeSource<'piece_rows'> = ({ pieces }) => ({
  fill({ rows }) {
    const size = Math.ceil(rows.length / pieces);
    const data = Int32Array.from({ length: pieces * size }, (_, at) => Math.min(at, rows.length - 1));
    return { dtype: 'int32', shape: [pieces, size], data };
  },
});

/** float32 [pieces, piece] */
export const pieceKnown: MakeSource<'piece_known'> = ({ pieces }) => ({
  fill({ rows }) {
    const size = Math.ceil(rows.length / pieces);
    return { dtype: 'float32', shape: [pieces, size], data: new Float32Array(pieces * size).fill(1, 0, rows.length) };
  },
});

/** int32 [batch] */
export const piecePlaces: MakeSource<'piece_places'> = () => ({
  fill: ({ rows }) => ({ dtype: 'int32', shape: [rows.length], data: Int32Array.from(rows.keys()) }),
});

/** int32 [hits, 2] */
export const pieceHits: MakeSource<'piece_hits'> = ({ pieces, at, of }, context, input) => {
  const hits = accidentalHits(of, context, input);
  return {
    fill(batch) {
      const size = Math.ceil(batch.rows.length / pieces);
      return hits.fill({ ...batch, rows: batch.rows.subarray(at * size, (at + 1) * size) });
    },
  };
};
