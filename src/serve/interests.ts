/** The vectors of one query, taken apart. */
import { invariant } from '../diagnostics/failure.ts';
import type { Vectors } from '../scoring/tower_vectors.ts';

/** One vector, or one for each interest, of the only row. */
export function interestsOf({ data, rows, width, interests = 1 }: Vectors): Float32Array[] {
  invariant(rows === 1 && data.length === interests * width, `${rows} rows of ${interests} vectors`);
  return Array.from({ length: interests }, (_, i) => data.subarray(i * width, (i + 1) * width));
}
