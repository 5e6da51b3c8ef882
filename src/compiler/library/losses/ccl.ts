import { ShapeError } from '../contract.ts';
import { number } from '../parameters.ts';
import { lossKind } from '../rows.ts';
import { lowerPairs, meanOfNegatives, pairwiseArguments } from './pairwise.ts';
import { rowScore, weightedMean } from './weighted_mean.ts';

export const ccl = lossKind({
  doc: "The cosine contrastive loss of SimpleX: pulls the row's item to 1, and pushes its negatives below the margin. It is meant for a single cosine. A negative that is the row's own item again has no part.",
  formula: ['loss_i = 1 − s_ii + weight · mean_j max(0, s_ij − margin)'],
  when: 'For retrieval with many sampled negatives, of which most are easy: those below the margin have no part. `softmax` needs no margin.',
  paper: 'Mao et al., "SimpleX: a simple and strong baseline for collaborative filtering", CIKM 2021 (equation 1)',
  also: ['cosine_contrastive', 'cosine_contrastive_loss', 'ccl_loss'],
  near: ['simplex'],
  example: 'ccl(negatives: sampled(4), margin: 0.1, weight: 10)',
  label: 'none',
  needsItemKey: true,
  parameters: {
    ...pairwiseArguments,
    margin: number({ min: -1, below: 1, doc: 'Negatives that score lower have no part.', default: 0.8 }),
    weight: number({ above: 0, doc: 'What the mean of the negatives counts, next to the positive.', default: 10 }),
  },
  lower(context, score, args) {
    const { builder, weight } = context;
    if (Number.isFinite(score.bound) && score.bound > 1)
      throw new ShapeError('needs a score within [−1, 1], a single cosine');
    const ownScore = rowScore(builder, score.query, score.item);
    const column = builder.reshape(ownScore, [ownScore.type.shape[0]!, 1]);
    const negative = meanOfNegatives(context, lowerPairs(context, score, args), (difference) =>
      builder.relu(builder.sub(builder.add(difference, column), args.margin)),
    );
    const losses = builder.add(builder.sub(1, ownScore), builder.mul(negative, args.weight));
    return weightedMean(builder, losses, weight);
  },
});
