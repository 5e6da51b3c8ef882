import type { Ref } from '../../../graph/builder.ts';
import { type LossContext, type Score, ShapeError } from '../contract.ts';
import { lossKind } from '../rows.ts';
import { withinCorpus } from './batch_columns.ts';
import { choiceSoftmax } from './choice_softmax.ts';
import { lowerColumns, smoothedSoftmax } from './columns.ts';
import { historyToMask, hitsToMask } from './hits.ts';
import { inBatchSoftmax } from './in_batch_softmax.ts';
import { refuseIdleCorrection, sharedRowsOf } from './negatives.ts';
import { refinedSoftmax } from './refined_softmax.ts';
import { sampledSoftmax } from './sampled_softmax.ts';
import { type SoftmaxArguments, softmaxParameters } from './softmax_arguments.ts';
import { itemsAmongQueries } from './symmetric_softmax.ts';
import { sharpened } from './temperature.ts';

export const softmax = lossKind({
  doc: "Cross-entropy of the row's item among others. In this order: divide by the temperature, subtract log q of the column's item, mask accidental hits, cross-entropy weighted by row. The others are the batch's items, or drawn for each row, or the batch's and some drawn for all rows: log q is then of the mixture.",
  formula: [
    'c_ij = (s_ij − margin · [j is own]) / temperature − log q_j',
    'loss_i = log Σ_j e^c_ij − (1 − smoothing) · c_ii − smoothing · mean_j c_ij',
    'loss_i = half of that + half of log Σ_k e^d_ki − d_ii with symmetric, d_ki = c_ki + log q_i',
  ],
  when: 'The first choice for retrieval. Use `in_batch` with large batches, `sampled` with small ones.',
  paper:
    'Yi et al., "Sampling-bias-corrected neural modeling", RecSys 2019 (section 3); sampled: Huang et al., CIKM 2013; margin: Wang et al., "CosFace", CVPR 2018 (equation 4); symmetric: Radford et al., "CLIP", ICML 2021 (figure 3); refined: Khrylchenko et al., "Correcting the logQ correction", RecSys 2025; mixed: Yang et al., "Mixed negative sampling for learning two-tower neural networks in recommendations", WWW 2020 Companion',
  example: 'softmax(in_batch, temperature: 0.05, correction: frequency)',
  label: 'none',
  needsItemKey: true,
  relative: true,
  parameters: softmaxParameters,
  // Streaming counts every event, a mask by history is of columns that the events have, and smoothing is spread over them.
  distinct: (args) =>
    args.queue === undefined &&
    args.hardest === undefined &&
    args.in_batch &&
    !args.all &&
    args.negatives === undefined &&
    args.correction !== 'streaming' &&
    args.correction !== 'refined' &&
    args.accidental_hits === 'mask' &&
    args.mask === undefined &&
    args.smoothing === 0 &&
    args.margin === 0 &&
    !args.symmetric,
  lower(given, scores, written) {
    const { context, score, sharpness } = sharpened(given, scores, written);
    const { correction, negatives, hardest, gap, queue } = written;
    const hasChoice = hardest !== undefined || gap !== undefined || queue !== undefined;
    if (hasChoice || (negatives && negatives.kind !== 'sampled')) {
      if (correction === 'refined') {
        throw new ShapeError('takes `correction: refined` with the items of the batch or drawn ones only');
      }
      return choiceSoftmax(context, score, sharpness, { ...written, correction });
    }
    if (correction === 'refined' && !written.all) return refinedSoftmax(context, score, sharpness, written);
    const args: SoftmaxArguments = { ...written, correction: correction === 'refined' ? 'frequency' : correction };
    if (args.symmetric) return symmetricSoftmax(context, score, sharpness, args);
    if (args.all) return softmaxOverAll(context, score, sharpness, args);
    const shared = negatives?.arguments.shared;
    if (negatives !== undefined && !args.in_batch && !shared) {
      return sampledSoftmax(context, score, sharpness, args, negatives.arguments);
    }
    if (negatives === undefined && args.smoothing === 0) {
      refuseKeptHits(args);
      return inBatchSoftmax(context, score, sharpness, args);
    }
    const drawn = negatives && sharedRowsOf(negatives, true);
    refuseKeptHits(args);
    const { margin, smoothing } = args;
    const options = { sharpness, correction: args.correction, margin, hits: hitsToMask(context, args), drawn };
    if (negatives === undefined || args.in_batch) {
      return smoothedSoftmax(context, lowerColumns(context, score, options), smoothing);
    }
    refuseIdleCorrection(args.correction, negatives.arguments.by);
    return smoothedSoftmax(context, lowerColumns(context, score, { ...options, columns: 'own' }), smoothing);
  },
});

/** Throws ShapeError for arguments that say which others there are, or how often one comes up: each item does once. */
function softmaxOverAll(context: LossContext, score: Score, sharpness: number, args: SoftmaxArguments): Ref {
  if (args.in_batch || args.negatives !== undefined) {
    throw new ShapeError('takes `all`, or `in_batch` and `negatives`, not both');
  }
  if (args.correction !== 'none') throw new ShapeError('needs no `correction` with `all`: each item comes up once');
  const { correction, smoothing, margin } = args;
  if (smoothing === 0) return inBatchSoftmax(context, score, sharpness, args);
  const hits = historyToMask(context, args);
  const options = { sharpness, correction, margin, hits, columns: 'corpus' } as const;
  const weighted = { ...context, weight: withinCorpus(context, score.query) };
  return smoothedSoftmax(weighted, lowerColumns(weighted, score, options), smoothing);
}

/** The mean of both directions. Throws ShapeError for what has a meaning in one of them alone. */
function symmetricSoftmax(context: LossContext, score: Score, sharpness: number, args: SoftmaxArguments): Ref {
  const { builder } = context;
  if (args.all || args.negatives !== undefined) {
    throw new ShapeError("takes `symmetric` with the batch's items alone, not with `all` or `negatives`");
  }
  if (args.smoothing !== 0) throw new ShapeError('takes `symmetric` or `smoothing`, not both');
  refuseKeptHits(args);
  const { correction, margin } = args;
  const options = { sharpness, correction, margin, hits: hitsToMask(context, args) };
  const items = inBatchSoftmax(context, score, sharpness, args);
  return builder.mul(builder.add(items, itemsAmongQueries(context, score, options)), 0.5);
}

/** Throws ShapeError: a further column of the own item would win against the own score less the margin. */
function refuseKeptHits({ margin, accidental_hits: hits }: SoftmaxArguments): void {
  if (margin !== 0 && hits === 'keep') throw new ShapeError('takes `margin` or `accidental_hits: keep`, not both');
}
