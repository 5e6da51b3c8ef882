import { invariant } from '../../../base/diagnostics/failure.ts';
import { type LossContext, ShapeError, type VectorScore } from '../contract.ts';
import { number } from '../parameters.ts';
import { lossKind } from '../rows.ts';
import { mask } from './hits.ts';
import { rowScore, weightedMean } from './mean.ts';
import { negatives } from './negatives.ts';
import { drawnEntropy } from './pairwise.ts';
import { smoothing } from './temperature.ts';

export const bce = lossKind({
  doc: "Binary cross-entropy of σ(scale · score) and a label of 0 or 1, never a logarithm of 0. With `negatives` each row is a positive, without a label, and items that are drawn are its negatives: the mean over both; a negative that is the row's own item again has no part. A cosine needs a scale, or the probability stays within [0.27, 0.73].",
  formula: [
    'x = scale · s, t = (1 − smoothing) y + smoothing / 2',
    'loss = softplus(x) − t · x',
    'loss_i = mean over the own item, y = 1, and the negatives j, y = 0, of that with negatives',
  ],
  when: 'For clicks and likes with real negatives in the data. With `negatives` it is the loss of SASRec; for retrieval `softmax` learns more from as many.',
  paper:
    'Covington et al., "Deep neural networks for YouTube recommendations", RecSys 2016 (section 4.2, logistic loss); negatives: Kang & McAuley, "Self-attentive sequential recommendation", ICDM 2018 (section III-E)',
  example: 'bce(scale: 10)',
  label: 'binary',
  needsItemKey: false,
  probability: ({ negatives, scale }) => (negatives === undefined ? scale : undefined),
  needs: (args) => (args.negatives === undefined ? {} : { label: 'none', needsItemKey: true }),
  parameters: {
    negatives,
    scale: number({ above: 0, doc: 'Multiplies the score before the sigmoid.', default: 1 }),
    smoothing,
    mask,
  },
  lower(context, score, { negatives, mask, scale, smoothing }) {
    if (negatives !== undefined) return drawnEntropy(context, score, { negatives, mask, scale, smoothing });
    if (mask !== undefined) throw new ShapeError('needs `negatives` for a `mask`: it compares with no other items');
    return labelled(context, score, scale, smoothing);
  },
});

function labelled(
  { builder, label, weight }: LossContext,
  { query, item }: VectorScore,
  scale: number,
  smoothing: number,
) {
  invariant(label, 'bce is given its label');
  const ownScore = rowScore(builder, query, item);
  const logit = scale === 1 ? ownScore : builder.mul(ownScore, scale);
  const target = smoothing === 0 ? label : builder.add(builder.mul(label, 1 - smoothing), smoothing / 2);
  return weightedMean(builder, builder.sub(builder.softplus(logit), builder.mul(target, logit)), weight);
}
