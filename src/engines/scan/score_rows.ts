/** Ranks queries that are rows of scores already, one number for each item, as a scan ranks vectors. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { BestRows, type RankedRows } from './candidates.ts';
import type { Scan, ScanRequest } from './scan.ts';

/**
 * The vector of item j has 1 at j and 0 elsewhere, so the inner product with a query is number j of the query. No item vector is stored.
 * @param near returns the scores of all items for a query that has one item alone, to find items near it: float32 [rows]
 */
export function scanOfScores(rows: number, near: (row: number) => Float32Array): Scan {
  const score = (vectors: readonly Float64Array[], row: number): number => {
    let best = vectors[0]![row]!;
    for (let at = 1; at < vectors.length; at++) best = Math.max(best, vectors[at]![row]!);
    return best;
  };
  const answer = ({ vectors, k, allowed, listed }: ScanRequest): RankedRows => {
    for (const vector of vectors) invariant(vector.length === rows, `a vector of ${vector.length} for ${rows}`);
    const best = new BestRows(k, rows);
    if (k === 0) return best.ordered();
    const visit = (row: number): void => best.push(row, score(vectors, row));
    if (listed) {
      for (let list = listed(best.worst); list; list = listed(best.worst)) list.forEach(visit);
    } else if (allowed) allowed.forEach(visit);
    else for (let row = 0; row < rows; row++) visit(row);
    return best.ordered();
  };
  return {
    rows,
    width: rows,
    vector: near,
    score,
    top: (requests) => requests.map(answer),
    estimates: (vector) => vector.slice(),
  };
}
