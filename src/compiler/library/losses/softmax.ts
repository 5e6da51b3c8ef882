import type { Ref } from '../../../graph/builder.ts';
import { type LossContext, ShapeError, type VectorScore } from '../contract.ts';
import { lossKind } from '../rows.ts';
import { hardestOf, refuseLoneGap } from './hardest.ts';
import { historyToMask, hitsToMask, putAt, replaceHits, sameQueryPairs } from './hits.ts';
import { inBatchSoftmax, type SoftmaxArguments, softmaxParameters } from './in_batch_softmax.ts';
import { logQOf } from './log_q.ts';
import {
  type ColumnOptions,
  hidden,
  logSum,
  lowerColumns,
  queueColumns,
  smoothedSoftmax,
  withinCorpus,
} from './loss_columns.ts';
import { corrected, logSumOfNegatives, lowerChoice, lowerNegatives } from './negative_columns.ts';
import { refuseIdleCorrection, type Sampled, sampledRowsOf, sharedRowsOf } from './negatives.ts';
import { drawPool } from './pairwise.ts';
import { sharpened } from './temperature.ts';
import { columnScores, ownColumnScores, rowScore, sharpenedRow, weightedMean } from './weighted_mean.ts';
import { lowerWholeRows } from './whole_rows.ts';

export const softmax = lossKind({
  doc: "Cross-entropy of the row's item among others. In this order: divide by the temperature, subtract log q of the column's item, mask accidental hits, cross-entropy weighted by row. The others are the batch's items, or drawn for each row, or the batch's and some drawn for all rows: log q is then of the mixture.",
  formula: [
    'c_ij = (s_ij − margin · [j is own]) / temperature − log q_j',
    'loss_i = log Σ_j e^c_ij − (1 − smoothing) · c_ii − smoothing · mean_j c_ij',
    'loss_u = −Σ over items j of user u of log softmax_j of c_uj with all and targets = users',
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
  // Distinct columns would change these: streaming counts every event, a history mask names columns of events, and smoothing is spread over all columns.
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
    if (args.all && context.userItems) return softmaxOfUsers(context, score, sharpness, args);
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

/** Throws ShapeError for arguments that choose or weight the other items, because each item of the corpus is present exactly once. */
function refuseOtherNegatives(args: SoftmaxArguments): void {
  if (args.in_batch || args.negatives !== undefined) {
    throw new ShapeError('takes `all`, or `in_batch` and `negatives`, not both');
  }
  if (args.correction !== 'none') throw new ShapeError('needs no `correction` with `all`: each item comes up once');
}

function softmaxOverAll(context: LossContext, score: VectorScore, sharpness: number, args: SoftmaxArguments): Ref {
  refuseOtherNegatives(args);
  const { correction, smoothing, margin } = args;
  if (smoothing === 0) return inBatchSoftmax(context, score, sharpness, args);
  const hits = historyToMask(context, args);
  const options = { sharpness, correction, margin, hits, columns: 'corpus' } as const;
  const weighted = { ...context, weight: withinCorpus(context, score.query) };
  return smoothedSoftmax(weighted, lowerColumns(weighted, score, options), smoothing);
}

/** Returns the mean over users of −Σ over their items of log softmax: the multinomial likelihood of a user's whole row. */
function softmaxOfUsers(context: LossContext, score: VectorScore, sharpness: number, args: SoftmaxArguments): Ref {
  const { builder } = context;
  refuseOtherNegatives(args);
  if (args.smoothing !== 0 || args.margin !== 0 || args.mask !== undefined) {
    throw new ShapeError('takes `all` without `smoothing`, `margin` and `mask` with `targets = users`');
  }
  const { scores, has, mean } = lowerWholeRows(context, score, sharpness);
  return mean(builder.neg(builder.mul(has, builder.logSoftmax(scores))));
}

/** Returns the mean of both directions. Throws ShapeError for arguments that apply to only one direction. */
function symmetricSoftmax(context: LossContext, score: VectorScore, sharpness: number, args: SoftmaxArguments): Ref {
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

/** Throws ShapeError, because another column of the own item would beat the own score minus the margin. */
function refuseKeptHits({ margin, accidental_hits: hits }: SoftmaxArguments): void {
  if (margin !== 0 && hits === 'keep') throw new ShapeError('takes `margin` or `accidental_hits: keep`, not both');
}

/**
 * Computes the other direction of an in-batch softmax, which scores each row's item against the queries of the batch: lossᵢ = log Σₖ e^sₖᵢ − sᵢᵢ. The sum skips
 * rows k that are no negatives of item i: rows with the same item, rows whose mask contains it and, if queries have a key, other rows of the same query. There
 * is no correction, because log q concerns items.
 */
function itemsAmongQueries(
  context: LossContext,
  score: VectorScore,
  { sharpness, hits, margin = 0 }: Pick<ColumnOptions, 'sharpness' | 'hits' | 'margin'>,
): Ref {
  const { builder, queryKey, weight } = context;
  const { query, own } = sharpenedRow(builder, score, sharpness, margin);
  const scores = columnScores(builder, query, score.item);
  const ownApart = queryKey !== undefined || margin !== 0;
  const hitsAndOwn = margin === 0 ? hits : { ...hits, own: true as const };
  const otherScores =
    hitsAndOwn === undefined ? scores : replaceHits(context, scores, { kind: 'events' }, hidden, hitsAndOwn);
  const visible =
    queryKey === undefined ? otherScores : putAt(builder, otherScores, sameQueryPairs(context, queryKey), hidden);
  const logits = builder.transpose(visible, [1, 0]);
  const sum = logSum(context, { parts: [{ logits, visible: () => logits }], own, ownApart });
  return weightedMean(builder, builder.sub(sum, own), weight);
}

/**
 * Computes the softmax of each row's own item against listed or mined negatives, those of past batches, or only the hardest ones: loss_i = log Σ_j e^c_ij − (1
 * − ε) · c_ii − ε · mean_j c_ij, where j goes over the own item and the negatives that count.
 */
function choiceSoftmax(context: LossContext, score: VectorScore, sharpness: number, args: SoftmaxArguments): Ref {
  const { builder } = context;
  const { correction, queue, smoothing, margin } = args;
  refuseLoneGap(args);
  if (args.all) throw new ShapeError('takes `all` without `negatives`, `hardest` and `queue`');
  if (args.symmetric) throw new ShapeError("takes `symmetric` with the batch's items alone");
  if (args.accidental_hits === 'keep') throw new ShapeError('takes `accidental_hits: keep` only with drawn negatives');
  if (args.hardest !== undefined && correction !== 'none') {
    throw new ShapeError(
      'takes `hardest` or `correction`, not both: which negatives count is then no matter of chance',
    );
  }
  if (queue && args.negatives && !args.in_batch) throw new ShapeError('takes a `queue` with `in_batch` only');
  const choice = lowerChoice(context, score, args, sharpness);
  const hits = hitsToMask(context, args) ?? {};
  const queueParts = queue ? [queueColumns(context, score, queue, { sharpness, correction, hits })] : [];
  const hardestColumns = hardestOf(context, { ...choice, parts: [...choice.parts, ...queueParts] }, args, sharpness);
  const columns =
    margin === 0 ? hardestColumns : { ...hardestColumns, own: builder.sub(hardestColumns.own, margin * sharpness) };
  return smoothedSoftmax(context, columns, smoothing);
}

/**
 * Computes the softmax of each row's own item against n items drawn for that row: logits [batch, 1 + n], the own item first. Throws ShapeError for a correction
 * that would cancel: with uniform draws log q is the same for all.
 */
function sampledSoftmax(
  context: LossContext,
  score: VectorScore,
  sharpness: number,
  args: SoftmaxArguments,
  draw: Sampled['arguments'],
): Ref {
  const { builder } = context;
  refuseIdleCorrection(args.correction, draw.by);
  const rows = sampledRowsOf(context, draw);
  const { query, own } = sharpenedRow(builder, score, sharpness, args.margin);
  const batch = own.type.shape[0]!;

  const drawnScores = ownColumnScores(builder, query, context.scoreOf(rows).item, draw.n);
  const drawn = corrected(context, drawnScores, args.correction, rows, draw.power);
  const hits = hitsToMask(context, args);
  const mask = (matrix: Ref, value: number): Ref =>
    hits === undefined ? matrix : replaceHits(context, matrix, rows, value, hits);

  const ownColumn = builder.reshape(corrected(context, own, args.correction, { kind: 'events' }, draw.power), [
    batch,
    1,
  ]);
  const logShares = builder.logSoftmax(builder.concat([ownColumn, mask(drawn, hidden)], 1));
  const ownShare = builder.reshape(builder.slice(logShares, [0, 0], [-1, 1]), [batch]);
  const loss = builder.neg(args.smoothing === 0 ? ownShare : smoothed(args.smoothing));
  return weightedMean(builder, loss, context.weight);

  /** Returns (1 − ε) · log p of the own item + ε · mean of log p over the own item and the drawn ones that are no hits. */
  function smoothed(smoothing: number): Ref {
    const otherShares = builder.slice(logShares, [0, 1], [-1, draw.n]);
    const visible = mask(builder.broadcastTo(builder.constant(1), drawn), 0);
    const shareSum = builder.add(builder.sum(builder.mul(visible, otherShares), [1]), ownShare);
    const mean = builder.div(shareSum, builder.add(builder.sum(visible, [1]), 1));
    return builder.add(builder.mul(ownShare, 1 - smoothing), builder.mul(mean, smoothing));
  }
}

/**
 * Computes the softmax with the refined log q correction (Khrylchenko et al., "Correcting the logQ correction", RecSys 2025). The own item is not drawn, so
 * only the negatives are corrected, by q'ⱼ = qⱼ ÷ (1 − q own), and the own item leaves the sum. With m negatives of row i:
 *
 *   nᵢ = log Σⱼ e^(sᵢⱼ − log q'ⱼ)        wᵢ = 1 − pᵢ = σ(nᵢ − log m − sᵢᵢ)        lossᵢ = wᵢ · (nᵢ − sᵢᵢ)
 *
 * w, the model's current probability of a wrong answer, is not differentiated. The gradient is then that of the softmax over all items, with an estimate of the
 * negatives' part. Throws ShapeError for arguments that would add the own item again or that have no q.
 */
function refinedSoftmax(
  context: LossContext,
  score: VectorScore,
  sharpness: number,
  args: Omit<SoftmaxArguments, 'correction'>,
): Ref {
  const { builder, weight } = context;
  if (args.smoothing !== 0) throw new ShapeError('takes `correction: refined` or `smoothing`, not both');
  if (args.symmetric) throw new ShapeError('takes `correction: refined` or `symmetric`, not both');
  if (args.accidental_hits === 'keep') {
    throw new ShapeError(
      'takes `correction: refined` or `accidental_hits: keep`, not both: the own item leaves the sum',
    );
  }
  const { negatives: sampled } = args;
  if (sampled && sampled.kind !== 'sampled') {
    throw new ShapeError('takes `correction: refined` with the items of the batch or drawn ones only');
  }
  const drawn = args.in_batch ? undefined : sampled?.arguments;
  if (drawn?.power !== undefined && drawn.power !== 1) {
    throw new ShapeError('takes `correction: refined` without a `power`: its q would not sum to 1');
  }
  // If all items are drawn with equal probability, q is a constant that can be subtracted from the sum.
  const alike = drawn !== undefined && drawn.by !== 'frequency';
  const negativeParts = lowerNegatives(
    context,
    score,
    { ...args, correction: alike ? 'none' : 'frequency' },
    sharpness,
  );
  const ownScore = rowScore(builder, score.query, score.item);
  const ownLogit = builder.mul(args.margin === 0 ? ownScore : builder.sub(ownScore, args.margin), sharpness);

  const logQ = alike && sampled ? builder.neg(builder.log(drawPool(context, sampled))) : logQOfOwn();
  const logOfOthers = builder.log(builder.maximum(builder.sub(1, builder.exp(logQ)), 1e-7));
  const sum = logSumOfNegatives(context, negativeParts);
  const negatives = builder.add(alike ? builder.sub(sum, logQ) : sum, logOfOthers);
  const count = negativeParts.map((part) => builder.sum(part.visible(), [1])).reduce((a, b) => builder.add(a, b));
  const mean = builder.sub(negatives, builder.log(builder.maximum(count, 1)));
  // A row without a negative has no wrong answer.
  const hasNegatives = builder.minimum(count, 1);
  const wrong = builder.stopGradient(builder.mul(builder.sigmoid(builder.sub(mean, ownLogit)), hasNegatives));
  return weightedMean(builder, builder.mul(wrong, builder.sub(negatives, ownLogit)), weight);

  /** Returns log q of the own item, float32 [batch], among the columns of the batch, the drawn ones, or both. */
  function logQOfOwn(): Ref {
    const mixed = args.in_batch && sampled ? sharedRowsOf(sampled, true) : undefined;
    return logQOf(context, 'frequency', { kind: 'events' }, ownLogit.type.shape[0]!, mixed);
  }
}
