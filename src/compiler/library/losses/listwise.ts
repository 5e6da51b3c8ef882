import type { Ref } from '../../../graph/builder.ts';
import { type LossContext, ShapeError } from '../contract.ts';
import { lossKind } from '../rows.ts';
import { hitsToMask, mask, putAt, sameQueryPairs } from './hits.ts';
import { correction } from './log_q.ts';
import { logSum, lowerColumns } from './loss_columns.ts';
import { sharpened, sharpnessArguments } from './temperature.ts';
import { weightedMean } from './weighted_mean.ts';

export const listwise = lossKind({
  doc: "Cross-entropy of a row's scores over the batch's items against all positives of its query: rows of one query share theirs, each in proportion to its weight, so a row of weight 0 is a negative. Further columns with an item of the same query are masked.",
  formula: [
    'c_ij = s_ij / temperature − log q_j',
    't_ij = w_j / Σ w over rows j of the query of row i, else 0',
    'loss_i = −Σ_j t_ij log softmax(c_i)_j',
  ],
  when: 'Where the same query has several items in one batch, such as sessions or searches.',
  paper: 'Cao et al., "Learning to rank: from pairwise approach to listwise approach", ICML 2007 (ListNet, top one)',
  example: 'listwise(temperature: 0.05)',
  label: 'none',
  needsItemKey: true,
  relative: true,
  parameters: { ...sharpnessArguments, correction, mask },
  lower(given, scores, args) {
    const { context, score, sharpness } = sharpened(given, scores, args);
    const { builder, queryKey, weight } = context;
    if (queryKey === undefined) {
      throw new ShapeError('needs a key of the query tower (`keyed by`), to group the rows of one query');
    }
    const hits = { ...hitsToMask(context, args), query: queryKey };
    const columns = lowerColumns(context, score, { sharpness, correction: args.correction, hits });
    const { logits } = columns.parts[0]!;
    // Positives are never hits of a list, so hidden columns only have targets of 0.
    const target = targets(context, queryKey, logits);
    const agreed = builder.sum(builder.mul(target, logits), [1]);
    const mass = builder.sum(target, [1]);
    return weightedMean(builder, builder.sub(builder.mul(logSum(context, columns), mass), agreed), weight);
  },
});

/** Returns the share of each column in the target of each row, float32 [batch, batch]. Rows sum to 1, or to 0 if all weights are 0. */
function targets(context: LossContext, queryKey: string, logits: Ref): Ref {
  const { builder, weight } = context;
  const zeros = builder.broadcastTo(builder.constant(0), logits);
  const positive = putAt(builder, zeros, sameQueryPairs(context, queryKey), 1);
  const gains = weight === undefined ? positive : builder.mul(positive, weight);
  return builder.div(gains, builder.maximum(builder.sum(gains, [1], true), 1e-12));
}
