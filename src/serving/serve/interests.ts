/** The vectors of queries, taken apart. */
import type { Vectors } from '../../training/scoring/tower_vectors.ts';

/** Splits rows into vectors: one for each interest. */
export function interestsOf({ data, rows, width, interests = 1 }: Vectors): Float32Array[][] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: interests }, (_, i) => {
      const at = (row * interests + i) * width;
      return data.subarray(at, at + width);
    }),
  );
}
