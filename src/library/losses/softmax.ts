import type { Ref } from '../../graph/builder.ts';
import type { SharedRows } from '../../plan/plan.ts';
import { type LossContext, type Score, ShapeError } from '../contract.ts';
import { lossKind } from '../rows.ts';
import { withinCorpus } from './batch_columns.ts';
import { historyToMask, hitsToMask } from './hits.ts';
import { inBatchSoftmax } from './in_batch_softmax.ts';
import { mixedSoftmax } from './mixed_softmax.ts';
import { drawOf, refuseIdleCorrection, sharpnessOf } from './negatives.ts';
import { sampledSoftmax } from './sampled_softmax.ts';
import { type SoftmaxArguments, softmaxParameters } from './softmax_arguments.ts';

export const softmax = lossKind({
  doc: "Cross-entropy of the row's item among others. In this order: divide by the temperature, subtract log q of the column's item, mask accidental hits, cross-entropy weighted by row. The others are the batch's items, or drawn for each row, or the batch's and some drawn for all rows: log q is then of the mixture.",
  formula: [
    'c_ij = s_ij / temperature − log q_j',
    'loss_i = log Σ_j e^c_ij − (1 − smoothing) · c_ii − smoothing · mean_j c_ij',
  ],
  when: 'The first choice for retrieval. Use `in_batch` with large batches, `sampled` with small ones.',
  paper:
    'Yi et al., "Sampling-bias-corrected neural modeling", RecSys 2019 (section 3); sampled: Huang et al., CIKM 2013; mixed: Yang et al., "Mixed negative sampling for learning two-tower neural networks in recommendations", WWW 2020 Companion',
  example: 'softmax(in_batch, temperature: 0.05, correction: frequency)',
  label: 'none',
  needsItemKey: true,
  parameters: softmaxParameters,
  // Streaming counts every event, a mask by history is of columns that the events have, and smoothing is spread over them.
  distinct: ({ in_batch, all, negatives, correction: of, accidental_hits, mask, smoothing: share }) =>
    in_batch === true &&
    !all &&
    negatives === undefined &&
    of !== 'streaming' &&
    accidental_hits === 'mask' &&
    mask === undefined &&
    share === 0,
  lower(context, score, args) {
    const sharpness = sharpnessOf(args);
    const { negatives } = args;
    if (args.all) return softmaxOverAll(context, score, sharpness, args);
    const shared = negatives?.arguments.shared;
    if (negatives !== undefined && !args.in_batch && !shared) {
      return sampledSoftmax(context, score, sharpness, args, negatives.arguments);
    }
    if (negatives === undefined && args.smoothing === 0) return inBatchSoftmax(context, score, sharpness, args);
    const drawn: SharedRows | undefined = negatives && {
      kind: 'shared',
      count: negatives.arguments.n,
      ...drawOf(negatives.arguments),
    };
    const options = { sharpness, correction: args.correction, hits: hitsToMask(context, args), drawn };
    if (negatives === undefined || args.in_batch) return mixedSoftmax(context, score, args.smoothing, options);
    refuseIdleCorrection(args.correction, negatives.arguments.by);
    return mixedSoftmax(context, score, args.smoothing, { ...options, columns: 'own' });
  },
});

/** Throws ShapeError for arguments that say which others there are, or how often one comes up: each item does once. */
function softmaxOverAll(context: LossContext, score: Score, sharpness: number, args: SoftmaxArguments): Ref {
  if (args.in_batch || args.negatives !== undefined) {
    throw new ShapeError('takes `all`, or `in_batch` and `negatives`, not both');
  }
  if (args.correction !== 'none') throw new ShapeError('needs no `correction` with `all`: each item comes up once');
  if (args.smoothing === 0) return inBatchSoftmax(context, score, sharpness, args);
  const hits = historyToMask(context, args);
  const options = { sharpness, correction: args.correction, hits, columns: 'corpus' } as const;
  return mixedSoftmax({ ...context, weight: withinCorpus(context, score.query) }, score, args.smoothing, options);
}
