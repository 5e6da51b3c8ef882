import type { Ref } from '../../../graph/builder.ts';
import type { LossContext, Score } from '../contract.ts';
import { type ColumnOptions, hidden, logSum } from './columns.ts';
import { putAt, replaceHits, sameQueryPairs } from './hits.ts';
import { sharpenedRow, weightedMean } from './mean.ts';

/**
 * The other direction of an in-batch softmax: the item of each row among the queries of the batch. lossᵢ = log Σₖ e^sₖᵢ − sᵢᵢ, where
 * k goes over the rows, those apart that are no negatives of item i: rows whose item it is again, whose mask has it, and, where queries
 * have a key, further rows of the same query. Nothing is corrected, as log q is of items.
 */
export function itemsAmongQueries(
  context: LossContext,
  score: Score,
  { sharpness, hits, margin = 0 }: Pick<ColumnOptions, 'sharpness' | 'hits' | 'margin'>,
): Ref {
  const { builder, queryKey, weight } = context;
  const { query, own } = sharpenedRow(builder, score, sharpness, margin);
  const scores = builder.matMul(query, score.item, { transposeB: true });
  const ownApart = queryKey !== undefined || margin !== 0;
  const apart = margin === 0 ? hits : { ...hits, own: true as const };
  const others = apart === undefined ? scores : replaceHits(context, scores, { kind: 'events' }, hidden, apart);
  const visible = queryKey === undefined ? others : putAt(builder, others, sameQueryPairs(context, queryKey), hidden);
  const logits = builder.transpose(visible, [1, 0]);
  const sum = logSum(context, { parts: [{ logits, visible: () => logits }], own, ownApart });
  return weightedMean(builder, builder.sub(sum, own), weight);
}
