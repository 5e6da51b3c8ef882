/**
 * How many of the best items an index finds, measured against the exact scan on queries of the query tower. Queries and items have other
 * distributions, so figures of items as queries would say little.
 */
import { type RecallFigures, recallFigures } from '../../engines/scan/recall_figures.ts';
import { scoreOf } from '../../engines/scan/score.ts';
import type { Snapshot, TopRequest } from './snapshot.ts';

export interface RecallCertificate extends RecallFigures {
  readonly k: number;
  readonly queries: number;
}

/** By query: its vector, or one for each interest. */
export type QueryVectors = readonly (readonly Float32Array[])[];

/** Finds rows for queries, in their order. */
export type RowFinder = (requests: readonly TopRequest[]) => Promise<readonly (readonly number[])[]>;

/** The exact best `k` of each query, kept while an index is measured with several settings. */
export interface ExactAnswers {
  readonly k: number;
  certify(find: RowFinder): Promise<RecallCertificate>;
}

const together = 64;

export function exactAnswersOf(snapshot: Snapshot, queries: QueryVectors, k: number): ExactAnswers {
  const requests = queries.map((vectors): TopRequest => ({ vectors, k }));
  const neededScores: number[] = [];
  for (const some of chunks(requests)) {
    neededScores.push(...snapshot.top(some).map(({ items }) => items.at(-1)?.score ?? Number.POSITIVE_INFINITY));
  }
  const wantedCount = Math.min(k, snapshot.rows);
  /** An item with the score of the last of the best is as good as that one. */
  const shareOf = (rows: readonly number[], at: number): number => {
    const isGood = (row: number): boolean => {
      const vector = snapshot.itemVector(row);
      return queries[at]!.some((query) => scoreOf(Float64Array.from(query), vector, 0) >= neededScores[at]!);
    };
    return [...new Set(rows)].slice(0, wantedCount).filter(isGood).length / wantedCount;
  };
  return {
    k,
    async certify(find) {
      const foundShares: number[] = [];
      for (const some of chunks(requests)) {
        for (const rows of await find(some)) foundShares.push(shareOf(rows, foundShares.length));
      }
      return { k, queries: foundShares.length, ...recallFigures(foundShares) };
    },
  };
}

function* chunks<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += together) yield all.slice(from, from + together);
}
