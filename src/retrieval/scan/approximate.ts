/**
 * Finds the best items by an index if its certificate covers the request, and by the scan otherwise. An index says which items are probably among the best
 * (`lists.ts`). Their scores are those of the scan, in float64, so an answer has right scores in the right order, but may miss items.
 */
import type { RankedRows } from './candidates.ts';
import type { Scan, ScanRequest } from './scan.ts';

/** Recall, measured while requests are answered. */
export interface RecallGauge {
  /** May compute the exact answer to get the recall, later and when there is nothing else to do. */
  offer(recall: () => number): void;
  readonly checked: number;
  /** Mean recall of the last checked answers; NaN before the first. */
  readonly recall: number;
}

/** An index, prepared for the items of one scan. */
export interface ApproximateIndex {
  /** Returns undefined if the scan must answer. */
  search(request: SearchRequest): RankedRows | undefined;
  readonly gauge?: RecallGauge;
}

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

/** Returns the answers in the order of the requests. The scan answers all requests that the index does not answer together. */
export function searchAll(
  scan: Scan,
  index: ApproximateIndex | undefined,
  requests: readonly SearchRequest[],
): Searched[] {
  const nearAnswers = requests.map((request) => {
    if (index === undefined || request.exactly) return undefined;
    const nearRows = index.search(request);
    if (nearRows) index.gauge?.offer(() => recallOf(nearRows, scan.top([request])[0]!));
    return nearRows;
  });
  const scanned = scan.top(requests.filter((_, index) => nearAnswers[index] === undefined)).values();
  return nearAnswers.map((nearAnswer) => (nearAnswer ? { ...nearAnswer, exact: false } : scanned.next().value!));
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
