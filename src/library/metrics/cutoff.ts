import { integer } from '../parameters.ts';

/** The one parameter of metrics that look at the first k places. */
export const cutoff = {
  k: integer({ min: 1, positional: true, doc: 'How many places from the top are looked at.', default: 10 }),
};

export interface Rank {
  /** Items that score above it. */
  readonly better: number;
  /** Other items that score the same. */
  readonly equal: number;
  /** Items that were ranked, itself among them. */
  readonly corpus: number;
}

/** Probability that the item is among the first k, with ties in any order: its place is uniform in better + 1 … better + equal + 1. */
export function withinFirst(k: number, { better, equal }: Rank): number {
  return Math.min(1, Math.max(0, (k - better) / (equal + 1)));
}
