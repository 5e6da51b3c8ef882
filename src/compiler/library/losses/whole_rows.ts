/** Losses of whole rows of the matrix of users and items, which `targets = users` trains: every item of the corpus is a column, and a user has several of them. */
import type { Ref } from '../../../graph/builder.ts';
import type { LossContext, VectorScore } from '../contract.ts';
import { ShapeError } from '../contract.ts';
import { putAt } from './hits.ts';
import { columnScores, weightedMean } from './weighted_mean.ts';

export interface WholeRows {
  /** The score of each item of the corpus: float32 [batch, corpus]. */
  readonly scores: Ref;
  /** 1 for an item that the user's training events have, else 0: float32 [batch, corpus]. */
  readonly has: Ref;
  /** Returns the mean over users of the sum over items of a loss, float32 [batch, corpus]: a scalar. A user without items does not count. */
  mean(losses: Ref): Ref;
}

/** Throws ShapeError if the rows of a step are events. */
export function lowerWholeRows(context: LossContext, { query }: VectorScore, sharpness = 1): WholeRows {
  const { builder, userItems } = context;
  if (userItems === undefined) throw new ShapeError('takes `all` only with `targets = users` in `train`');
  const { pairs, has } = userItems();
  const sharpQuery = sharpness === 1 ? query : builder.mul(query, sharpness);
  const scores = columnScores(builder, sharpQuery, context.scoreOf({ kind: 'corpus' }).item);
  return {
    scores,
    has: putAt(builder, builder.broadcastTo(builder.constant(0), scores), pairs, 1),
    mean: (losses) => weightedMean(builder, builder.sum(losses, [1]), has),
  };
}
