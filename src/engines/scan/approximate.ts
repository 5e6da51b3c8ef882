/**
 * Finds the best items by an index if its certificate covers the request, and by the scan otherwise. An index says which items are probably near: a graph, or
 * lists of items (`lists.ts`). Their scores are those of the scan, in float64, so an answer has right scores in the right order, but may miss items.
 *
 * Items that an answer must not have, such as those that a filter leaves out, are removed after the search. So the search is wider: as many candidates must
 * remain as an unfiltered search has, or else the scan answers. Like all of this folder, this file is pure: a graph itself is behind an interface.
 */
import { BestRows, type RankedRows } from './candidates.ts';
import type { Scan, ScanRequest } from './scan.ts';

/** Recall, measured while requests are answered. */
export interface RecallGauge {
  /** May compute the exact answer to get the recall, later and when there is nothing else to do. */
  offer(recall: () => number): void;
  readonly checked: number;
  /** Mean recall of the last checked answers; NaN before the first. */
  readonly recall: number;
}

export interface NeighbourGraph {
  /** Returns the rows of about `count` items with the largest inner products; undefined if the query has no direction. */
  nearest(query: Float64Array, count: number): Int32Array | undefined;
  /** The largest k that its certificate covers. */
  readonly k: number;
  /** Number of candidates of a search without a filter. */
  readonly width: number;
  /** Number of candidates with which a search takes about as long as the scan. */
  readonly widest: number;
  readonly gauge?: RecallGauge;
}

/** Lists of items, prepared for the items of one scan. */
export interface ListIndex {
  /** The largest k that its certificate covers. */
  readonly k: number;
  /** Returns undefined if the scan must answer. */
  search(request: SearchRequest): RankedRows | undefined;
  readonly gauge?: RecallGauge;
}

export type ApproximateIndex = NeighbourGraph | ListIndex;

/** Returns undefined if the scan must answer. */
export const searchIndex = (scan: Scan, index: ApproximateIndex, request: SearchRequest): RankedRows | undefined =>
  'nearest' in index ? searchGraph(scan, index, request) : index.search(request);

export interface SearchRequest extends ScanRequest {
  /** Always uses the scan. */
  readonly exactly?: boolean;
  /** True if a filter chose the allowed rows. */
  readonly isFiltered?: boolean;
}

export interface Searched extends RankedRows {
  /** Absent: it is proved that no other item has a higher score. */
  readonly exact?: false;
}

/** Factor by which a search is wider than the share of allowed items requires, because a filter leaves candidates by chance. */
const spare = 1.25;

/** Returns undefined if the scan must answer. */
export function searchGraph(
  scan: Scan,
  graph: NeighbourGraph,
  { vectors, k, allowed }: ScanRequest,
): RankedRows | undefined {
  if (k > graph.k || k === 0) return undefined;
  const allowedCount = allowed?.count() ?? scan.rows;
  if (allowedCount < graph.width) return undefined;
  const removedCount = scan.rows - allowedCount;
  // A few removed items may all be near the query, such as those that a user has seen. A filter that removes many is independent of the query.
  const widerSearch = Math.ceil((spare * graph.width * scan.rows) / allowedCount);
  const wantedCandidates =
    removedCount <= graph.width ? graph.width + removedCount : Math.min(graph.width + removedCount, widerSearch);
  if (wantedCandidates > graph.widest) return undefined;
  const candidates = new Set<number>();
  for (const vector of vectors) {
    const nearRows = graph.nearest(vector, wantedCandidates);
    if (nearRows === undefined) return undefined;
    let remain = 0;
    for (const row of nearRows) {
      if (allowed && !allowed.has(row)) continue;
      candidates.add(row);
      remain++;
    }
    if (remain < graph.width) return undefined;
  }
  const best = new BestRows(k, candidates.size);
  for (const row of candidates) best.push(row, scan.score(vectors, row));
  return best.ordered();
}

/** Returns the answers in the order of the requests. The scan answers all requests that the index does not answer together. */
export function searchAll(
  scan: Scan,
  index: ApproximateIndex | undefined,
  requests: readonly SearchRequest[],
): Searched[] {
  const nearAnswers = requests.map((request) => {
    if (index === undefined || request.exactly) return undefined;
    const nearRows = searchIndex(scan, index, request);
    if (nearRows) index.gauge?.offer(() => recallOf(nearRows, scan.top([request])[0]!));
    return nearRows;
  });
  const scanned = scan.top(requests.filter((_, at) => nearAnswers[at] === undefined)).values();
  return nearAnswers.map((near) => (near ? { ...near, exact: false } : scanned.next().value!));
}

/** Returns the share of the exact best items that was found. An item with the score of the last of them counts as found. */
export function recallOf({ scores }: RankedRows, exact: RankedRows): number {
  const neededScore = exact.scores.at(-1);
  if (neededScore === undefined) return 1;
  return scores.reduce((count, score) => count + (score >= neededScore ? 1 : 0), 0) / exact.scores.length;
}

/** Summarizes the recall of queries for a certificate. */
export interface RecallFigures {
  /** Mean over the queries of the share of the exact best k that is found. */
  readonly recall: number;
  /** The share that 95 % of the queries reach. */
  readonly low: number;
}

export function recallFigures(shares: readonly number[]): RecallFigures {
  const sortedShares = Float64Array.from(shares).sort();
  return {
    recall: sortedShares.reduce((sum, share) => sum + share, 0) / Math.max(1, sortedShares.length),
    low: sortedShares[Math.floor(0.05 * sortedShares.length)] ?? 0,
  };
}
