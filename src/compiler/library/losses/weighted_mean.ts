/** Scores of rows, and means over the rows of a batch by their weights. */
import type { Builder, Ref } from '../../../graph/builder.ts';
import { areSets, maxSimOfAll, maxSimOfRows } from '../../../graph/vector_sets.ts';
import type { VectorScore } from '../contract.ts';

/** Returns Σ weight · loss ÷ Σ weight over rows, a scalar; 0 if all weights are 0. Losses and weights are float32 [batch]. */
export function weightedMean(builder: Builder, losses: Ref, weight: Ref | undefined): Ref {
  if (weight === undefined) return builder.mean(losses, [0]);
  return builder.sum(builder.mul(losses, rowShares(builder, losses, weight)), [0]);
}

/** Returns the share of each row in the mean over the batch: float32 [batch], or a scalar if all rows count equally. */
export function rowShares(builder: Builder, like: Ref, weight: Ref | undefined): Ref {
  if (weight === undefined) return builder.div(1, builder.sum(builder.broadcastTo(builder.constant(1), like), [0]));
  return builder.div(weight, builder.maximum(builder.sum(weight, [0]), 1e-12));
}

/** Returns the score of each row's own pair, query_i · item_i: float32 [batch]. */
export function rowScore(builder: Builder, query: Ref, item: Ref): Ref {
  if (areSets(item)) return builder.reshape(maxSimOfRows(builder, query, item, 1), [query.type.shape[0]!]);
  return builder.sum(builder.mul(query, item), [1]);
}

/** Returns the score of each row with each of some items: float32 [batch, items]. */
export function columnScores(builder: Builder, query: Ref, items: Ref): Ref {
  return areSets(items) ? maxSimOfAll(builder, query, items) : builder.matMul(query, items, { transposeB: true });
}

/** Returns the score of each row with items of its own, which follow one another: float32 [batch, perRow]. */
export function ownColumnScores(builder: Builder, query: Ref, items: Ref, perRow: number): Ref {
  if (areSets(items)) return maxSimOfRows(builder, query, items, perRow);
  const [batch, width] = query.type.shape;
  const ownItems = builder.reshape(items, [batch!, perRow, width!]);
  return builder.sum(builder.mul(builder.reshape(query, [batch!, 1, width!]), ownItems), [2]);
}

/** Returns the query times the sharpness, and the score of each row's own pair minus the margin, times the sharpness: float32 [batch]. */
export function sharpenedRow(builder: Builder, score: VectorScore, sharpness: number, margin: number) {
  const query = sharpness === 1 ? score.query : builder.mul(score.query, sharpness);
  const ownScore = rowScore(builder, query, score.item);
  return { query, own: margin === 0 ? ownScore : builder.sub(ownScore, margin * sharpness) };
}
