import type { Ref } from '../../../graph/builder.ts';
import { choice, number } from '../parameters.ts';
import { lossKind } from '../rows.ts';
import { weightedMean } from './mean.ts';
import { lowerPairs, meanOfNegatives, pairwiseArguments } from './pairwise.ts';

export const hinge = lossKind({
  doc: "The triplet loss: the row's item should score above its negatives by a margin; their mean, or only the hardest. A negative that is the row's own item is ignored.",
  formula: [
    'loss_i = mean_j max(0, margin + s_ij − s_ii)',
    'loss_i = max_j max(0, margin + s_ij − s_ii) with over: hardest',
  ],
  when: 'Where only a margin matters, or with `over: hardest` after a model is good already.',
  paper:
    'Weinberger & Saul, "Distance metric learning for large margin nearest neighbor classification", JMLR 2009; hardest: Faghri et al., "VSE++", BMVC 2018 (equation 6)',
  example: 'hinge(in_batch, margin: 0.2)',
  label: 'none',
  needsItemKey: true,
  relative: true,
  parameters: {
    ...pairwiseArguments,
    margin: number({ above: 0, doc: 'How much better the own item must score.', default: 0.2 }),
    over: choice(['mean', 'hardest'], {
      doc: 'All negatives of a row, or the one that scores highest.',
      default: 'mean',
    }),
  },
  lower(context, score, args) {
    const { builder, weight } = context;
    const pairs = lowerPairs(context, score, args);
    const lossOf = (difference: Ref): Ref => builder.relu(builder.add(difference, args.margin));
    const largest = (): Ref =>
      pairs
        .map(({ difference, visible }) => builder.max(builder.mul(lossOf(difference), visible), [1]))
        .reduce((a, b) => builder.maximum(a, b));
    const ofRow = args.over === 'mean' ? meanOfNegatives(context, pairs, lossOf) : largest();
    return weightedMean(builder, ofRow, weight);
  },
});
