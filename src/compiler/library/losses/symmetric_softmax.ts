import type { Ref } from '../../../graph/builder.ts';
import type { LossContext, Score } from '../contract.ts';
import { type ColumnOptions, hidden, logSum } from './columns.ts';
import { replaceHits } from './hits.ts';
import { rowScore, weightedMean } from './mean.ts';

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
  const query = sharpness === 1 ? score.query : builder.mul(score.query, sharpness);
  const plain = rowScore(builder, query, score.item);
  const own = margin === 0 ? plain : builder.sub(plain, margin * sharpness);
  const scores = builder.matMul(query, score.item, { transposeB: true });
  const ownApart = queryKey !== undefined || margin !== 0;
  const apart = margin === 0 ? hits : { ...hits, own: true as const };
  const others = apart === undefined ? scores : replaceHits(context, scores, { kind: 'events' }, hidden, apart);
  const visible = queryKey === undefined ? others : withoutQuery(context, queryKey, others);
  const logits = builder.transpose(visible, [1, 0]);
  const sum = logSum(context, { parts: [{ logits, visible: () => logits }], own, ownApart });
  return weightedMean(builder, builder.sub(sum, own), weight);
}

/** Hides all rows of the same query, each row itself among them: [batch, batch] → the same. */
function withoutQuery({ builder, input }: LossContext, key: string, scores: Ref): Ref {
  const count = { symbol: 'positives', times: 1 };
  const pairs = input(`positives/${key}`, { from: 'positives', key }, [count, 2], 'int32');
  const like = builder.cast(builder.reshape(builder.slice(pairs, [0, 0], [-1, 1]), [count]), 'float32');
  return builder.scatterUpdate(scores, pairs, builder.broadcastTo(builder.constant(hidden), like));
}
