/** What a certificate says of the shares that queries found of their exact best items. */
export interface RecallFigures {
  /** Mean over the queries of the share of the exact best k that is found. */
  readonly recall: number;
  /** The share that 95 % of the queries reach. */
  readonly low: number;
}

export function recallFigures(shares: readonly number[]): RecallFigures {
  const sorted = Float64Array.from(shares).sort();
  return {
    recall: sorted.reduce((sum, share) => sum + share, 0) / Math.max(1, sorted.length),
    low: sorted[Math.floor(0.05 * sorted.length)] ?? 0,
  };
}
