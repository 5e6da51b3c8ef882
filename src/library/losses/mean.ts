import type { Builder, Ref } from '../../graph/builder.ts';

/** Σ weight · loss ÷ Σ weight, over rows; 0 where all weights are. Losses and weights are float32 [batch]; the answer is a scalar. */
export function weightedMean(builder: Builder, losses: Ref, weight: Ref | undefined): Ref {
  if (weight === undefined) return builder.mean(losses, [0]);
  const total = builder.maximum(builder.sum(weight, [0]), 1e-12);
  return builder.div(builder.sum(builder.mul(losses, weight), [0]), total);
}

/** The score of each row's own pair, query_i · item_i: float32 [batch]. */
export function rowScore(builder: Builder, query: Ref, item: Ref): Ref {
  return builder.sum(builder.mul(query, item), [1]);
}
