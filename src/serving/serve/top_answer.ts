/** The answer to a request for the best items, and what may give it in place of the scan. */
import type { Failure } from '../../base/diagnostics/failure.ts';
import type { ScoreShares } from './objectives.ts';
import type { TopRequest } from './top_request.ts';

export interface TopAnswer {
  readonly version: string;
  /** Best first; of equal scores the item whose row comes first. */
  readonly items: readonly TopItem[];
  /** Items that the filter, the exclusions and the seen items leave. */
  readonly candidates: number;
  /** Keys of `exclude` that no item has. */
  readonly unknown: readonly string[];
  /** Absent: it is proved that no other item has a higher score. */
  readonly exact?: false;
}

export interface TopItem {
  readonly row: number;
  readonly key: string;
  readonly title?: string;
  /** The inner product in float64; with several vectors the largest. */
  readonly score: number;
  /** They add up to the score. */
  readonly shares?: ScoreShares;
}

/** Finds the best items somewhere else than in the scan, such as in a database. It may miss some, so its answers are not proved. */
export interface SearchIndex {
  /** Without a password. */
  readonly address: string;
  /**
   * The answers of the snapshot, with `exact: false`. In place of an answer is the Failure of a request that has none: a mistake in the request, or an index that
   * does not answer.
   */
  top(requests: readonly TopRequest[]): Promise<(TopAnswer | Failure)[]>;
  close(): Promise<void>;
}
