import type { Ref } from '../../../graph/builder.ts';
import { type LossContext, ShapeError } from '../contract.ts';
import { choice, number } from '../parameters.ts';
import { lossKind, towerText } from '../rows.ts';
import { drawPool, lowerPairs, meanOfNegatives, type Pairs, pairwiseArguments } from './pairwise.ts';
import { weightedMean } from './weighted_mean.ts';

export const hinge = lossKind({
  doc: "The triplet loss: the row's item should score above its negatives by a margin; their mean, or only the hardest. A negative that is the row's own item is ignored.",
  formula: [
    ...towerText('hinge'),
    'with weight: rank, loss_i · log(1 + items · share of the j with margin + s_ij > s_ii)',
  ],
  when: 'Where only a margin matters, or with `over: hardest` after a model is good already.',
  paper:
    'Weinberger & Saul, "Distance metric learning for large margin nearest neighbor classification", JMLR 2009; hardest: Faghri et al., "VSE++", BMVC 2018 (equation 6); rank: Hsieh et al., "Collaborative metric learning", WWW 2017 (section 3.2)',
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
    weight: choice(['none', 'rank'], {
      doc: 'With `rank` an event counts by the log of the rank of its item, as the drawn negatives estimate it: an item that is far from the top counts more. The weight itself has no gradient.',
      default: 'none',
    }),
  },
  lower(context, score, args) {
    const { builder, weight } = context;
    const ofRow = context.lossOfRows(score, args, { name: 'hinge', form: args.over === 'mean' ? 0 : 1 });
    const losses =
      args.weight === 'none' ? ofRow : builder.mul(ofRow, rankWeight(context, lowerPairs(context, score, args), args));
    return weightedMean(builder, losses, weight);
  },
});

/** Returns log(1 + items · share of the negatives that are not below the own item by the margin), float32 [batch]. Throws ShapeError unless they are drawn alike. */
function rankWeight(
  context: LossContext,
  pairs: readonly Pairs[],
  { negatives, in_batch: inBatch, hardest, margin }: Parameters<typeof lowerPairs>[2] & { readonly margin: number },
): Ref {
  const { builder } = context;
  if (negatives?.kind !== 'sampled' || inBatch || negatives.arguments.by === 'frequency')
    throw new ShapeError('estimates a rank from items that are drawn alike: write `negatives: sampled(20)` alone');
  if (hardest !== undefined) throw new ShapeError('estimates a rank from all drawn items, and takes no `hardest`');
  const share = meanOfNegatives(context, pairs, (difference) =>
    builder.cast(builder.greater(difference, -margin), 'float32'),
  );
  return builder.log(builder.add(builder.mul(share, drawPool(context, negatives)), 1));
}
