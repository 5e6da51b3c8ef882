import { invariant } from '../../../base/diagnostics/diagnostic.ts';
import type { Builder, Ref } from '../../../graph/builder.ts';
import { type LossContext, ShapeError, type VectorScore } from '../contract.ts';
import { number } from '../parameters.ts';
import { lossKind } from '../rows.ts';
import { mask } from './hits.ts';
import { all, negatives } from './negatives.ts';
import { drawnEntropy } from './pairwise.ts';
import { smoothing } from './temperature.ts';
import { rowScore, weightedMean } from './weighted_mean.ts';
import { lowerWholeRows } from './whole_rows.ts';

export const bce = lossKind({
  doc: "Binary cross-entropy of σ(scale · score) and a label of 0 or 1, or of a probability y from 0 to 1, never a logarithm of 0. With `negatives` each row is a positive, without a label, and items that are drawn are its negatives: the mean over both; a negative that is the row's own item again has no part. A cosine needs a scale, or the probability stays within [0.27, 0.73].",
  formula: [
    'x = scale · s, t = (1 − smoothing) y + smoothing / 2',
    'loss = softplus(x) − t · x',
    'loss_i = mean over the own item, y = 1, and the negatives j, y = 0, of that with negatives',
    'loss_u = Σ_j of that with all, y_uj = [u has j]',
  ],
  when: 'For clicks and likes with real negatives in the data, and for probabilities that a larger model gives. With `negatives` it is the loss of SASRec; for retrieval `softmax` learns more from as many.',
  paper:
    'Covington et al., "Deep neural networks for YouTube recommendations", RecSys 2016 (section 4.2, logistic loss); negatives: Kang & McAuley, "Self-attentive sequential recommendation", ICDM 2018 (section III-E)',
  example: 'bce(scale: 10)',
  label: 'binary',
  soft: true,
  needsItemKey: false,
  probability: ({ negatives, scale, all }) => (negatives === undefined && !all ? scale : undefined),
  argumentNeeds: (args) => (args.negatives === undefined && !args.all ? {} : { label: 'none', needsItemKey: true }),
  parameters: {
    negatives,
    all,
    scale: number({ above: 0, doc: 'Multiplies the score before the sigmoid.', default: 1 }),
    smoothing,
    mask,
  },
  lower(context, score, { negatives, all, mask, scale, smoothing }) {
    if (all) {
      if (negatives !== undefined || mask !== undefined)
        throw new ShapeError('takes `all` without `negatives` and `mask`');
      return ofWholeRows(context, score, scale, smoothing);
    }
    if (negatives !== undefined) return drawnEntropy(context, score, { negatives, mask, scale, smoothing });
    if (mask !== undefined) throw new ShapeError('needs `negatives` for a `mask`: it compares with no other items');
    return labelled(context, score, scale, smoothing);
  },
});

function ofWholeRows(context: LossContext, score: VectorScore, scale: number, smoothing: number) {
  const { builder } = context;
  const { scores, has, mean } = lowerWholeRows(context, score, scale);
  return mean(entropy(builder, scores, has, smoothing));
}

/** Returns softplus(x) − t · x, with t the smoothed target. */
function entropy(builder: Builder, logits: Ref, target: Ref, smoothing: number): Ref {
  const smooth = smoothing === 0 ? target : builder.add(builder.mul(target, 1 - smoothing), smoothing / 2);
  return builder.sub(builder.softplus(logits), builder.mul(smooth, logits));
}

function labelled(
  { builder, label, weight }: LossContext,
  { query, item }: VectorScore,
  scale: number,
  smoothing: number,
) {
  invariant(label, 'bce is given its label');
  const ownScore = rowScore(builder, query, item);
  const logit = scale === 1 ? ownScore : builder.mul(ownScore, scale);
  return weightedMean(builder, entropy(builder, logit, label, smoothing), weight);
}
