import type { Builder, Ref } from '../../../graph/builder.ts';
import { areSets } from '../../../graph/vector_sets.ts';
import type { Arguments, LossContext, VectorScore } from '../contract.ts';
import { flag, number } from '../parameters.ts';
import { hardestArguments } from './hardest.ts';
import { type FurtherHits, historyToMask, hitArguments, hitPairs, hitsToMask, replaceHits } from './hits.ts';
import { logQOf, softmaxCorrection } from './log_q.ts';
import {
  type BatchColumns,
  corpusColumns,
  distinctColumns,
  lowerColumns,
  queue,
  rowColumns,
  smoothedSoftmax,
  withinCorpus,
} from './loss_columns.ts';
import { all, negativeArguments } from './negatives.ts';
import { sharpnessArguments, smoothing } from './temperature.ts';
import { rowScore, rowShares, weightedMean } from './weighted_mean.ts';

/** The parameters of all forms of the softmax. */
export const softmaxParameters = {
  all,
  ...negativeArguments,
  ...sharpnessArguments,
  correction: softmaxCorrection,
  ...hitArguments,
  ...hardestArguments,
  queue,
  smoothing,
  margin: number({
    min: 0,
    doc: "m: taken off the row's own score before the temperature, so that it must be better by as much. A trained temperature does not divide it: c_ij = s_ij / τ − margin · [j is own].",
    default: 0,
  }),
  symmetric: flag({
    doc: "With the batch's items only. The mean of two directions: each query chooses among items, and each item among queries.",
  }),
};

type WrittenSoftmaxArguments = Arguments<typeof softmaxParameters>;

/** The arguments of all forms except `correction: refined`. */
export type SoftmaxArguments = Omit<WrittenSoftmaxArguments, 'correction'> & {
  readonly correction: Exclude<WrittenSoftmaxArguments['correction'], 'refined'>;
};

/**
 * Up to this logit, e^±logit, its row sums, and a batch's share of their reciprocals remain normal float32 numbers, within e^±87, so that no maximum
 * is needed. Log q cannot exceed the range, because each row has a column whose factor is 1.
 */
const largestBound = 75;
/** Acts as −∞ for a maximum and for exp, but is finite, so that no result is NaN. */
const hidden = -1e30;
/** Shifts the sums, which are up to `batch` × larger than their terms, back to the middle of that range. */
const shift = 8;

/**
 * Computes the softmax over the batch's items, or over the whole corpus. With S = sharpness · q · vᵀ, nⱼ the number of rows with column j's item, fⱼ = nⱼ ÷ qⱼ
 * up to a constant, which cancels, E = exp(S) with hits set to 0 and a row's own item divided by its n, because the other rows with it are no negatives, and rᵢ
 * = Σⱼ Eᵢⱼ fⱼ: lossᵢ = log rᵢ − (Sᵢ own − log q own), and pᵢⱼ = Eᵢⱼ fⱼ / rᵢ.
 *
 * At batch 4096 S has 64 MB, so ops on it are few: the product that makes it, exp, the mask, and two products, one for the row sums and Σⱼ pᵢⱼ vⱼ, one for Σᵢ
 * pᵢⱼ qᵢ. To avoid others, the gradients are written here: only the value of the result is the loss, and its gradient is that of `slope`, which is linear in q
 * and v with exactly these factors. A masked entry does not contribute, because its p is 0. Factors of rows and columns multiply q and v, never S.
 *
 * A score of sets is not linear in its vectors, and takes the graph's own gradients.
 *
 * A margin reduces only the own logit: the own entry is masked like a hit, and its term e^(Sᵢ own − margin) is added to the results of the products for row i
 * and for its own column.
 */
export function inBatchSoftmax(
  context: LossContext,
  score: VectorScore,
  sharpness: number,
  args: SoftmaxArguments,
): Ref {
  const { builder } = context;
  const weight = args.all ? withinCorpus(context, score.query) : context.weight;
  const hitsOfOthers = args.all ? historyToMask(context, args) : hitsToMask(context, args);
  if (areSets(score.item)) {
    const columns = args.all ? ({ columns: 'corpus' } as const) : {};
    const { correction, margin } = args;
    const options = { sharpness, correction, margin, hits: hitsOfOthers, ...columns };
    return smoothedSoftmax({ ...context, weight }, lowerColumns(context, score, options), 0);
  }
  const otherBatchColumns = otherColumns(context, score, args);
  const columns = otherBatchColumns ?? rowColumns(score.item);
  const paired = otherBatchColumns?.score ?? score;
  const query = sharpness === 1 ? paired.query : builder.mul(paired.query, sharpness);
  const [q, v] = [builder.stopGradient(query), builder.stopGradient(columns.items)];
  const vOwn = columns.ownOf(v);
  const ownScore = rowScore(builder, q, vOwn);
  const ownLogit = args.margin === 0 ? ownScore : builder.sub(ownScore, args.margin * sharpness);

  const logits = builder.matMul(q, v, { transposeB: true });
  const hits = args.margin === 0 ? hitsOfOthers : { ...hitsOfOthers, own: true as const };
  const mask = (matrix: Ref, value: number): Ref =>
    hits === undefined ? matrix : replaceHits(context, matrix, columns.rows, value, hits);
  const bounded = (score.bound + args.margin) * sharpness <= largestBound;
  const visible = bounded ? logits : mask(logits, hidden);
  const largest = bounded ? undefined : builder.max(visible, [1]);
  // With a margin the only column of a row may be its own, which is hidden.
  const maximum = largest && args.margin !== 0 ? builder.maximum(largest, ownLogit) : largest;
  const raised = maximum ? builder.exp(builder.sub(visible, column(context, maximum))) : mask(builder.exp(logits), 0);
  const alone = withOwnOnce(context, columns, raised, maximum ? builder.sub(ownLogit, maximum) : ownLogit);

  const offset = columnOffset(context, columns, args);
  const shares = builder.exp(offset);
  const factors = column(context, columns.counts ? builder.mul(shares, columns.counts) : shares);
  // One product computes row sums and mean items, because a product with a single column would take as long as one with 64.
  const weighted = builder.matMul(alone, builder.concat([builder.mul(v, factors), factors], 1));
  // With a margin, the separate terms of each row's own column: e^own, float32 [batch, 1], and its product with the factor.
  const ownExponential =
    args.margin === 0 ? undefined : column(context, builder.exp(maximum ? builder.sub(ownLogit, maximum) : ownLogit));
  const ownTerm = ownExponential && builder.mul(ownExponential, columns.ownOf(factors));
  const plus = (sum: Ref, term: Ref | undefined): Ref => (term === undefined ? sum : builder.add(sum, term));
  const sums = plus(builder.slice(weighted, [0, score.width], [-1, 1]), ownTerm);
  const logSums = builder.reshape(builder.log(sums), ownLogit.type.shape);
  const normalizer = maximum === undefined ? logSums : builder.add(logSums, maximum);
  const meanLoss = weightedMean(builder, builder.sub(builder.sub(normalizer, columns.ownOf(offset)), ownLogit), weight);

  const rowShare = rowShares(builder, ownLogit, weight);
  const share = weight === undefined ? rowShare : column(context, rowShare);
  const meanItem = builder.div(
    plus(builder.slice(weighted, [0, 0], [-1, score.width]), ownTerm && builder.mul(ownTerm, vOwn)),
    sums,
  );
  const shared = builder.mul(q, share);
  const queries = builder.div(shared, sums);
  const ownQueries = ownExponential && columns.toColumns(builder.mul(queries, ownExponential));
  const meanQuery = builder.mul(factors, plus(builder.matMul(alone, queries, { transposeA: true }), ownQueries));
  const byQuery = builder.mul(builder.sub(meanItem, vOwn), share);
  const byItem = builder.sub(meanQuery, columns.toColumns(shared));
  const slope = builder.add(inner(builder, query, byQuery), inner(builder, columns.items, byItem));
  const loss = builder.add(slope, builder.stopGradient(builder.sub(meanLoss, slope)));
  // Over all items TensorFlow's own products, of large matrices, are as fast.
  if (bounded && args.margin === 0 && !args.all)
    markParts(context, { paired, columns, sharpness, args, hits, weight, loss });
  return loss;
}

/** Returns undefined if the columns are the rows of the batch. */
function otherColumns(context: LossContext, { query }: VectorScore, { all }: SoftmaxArguments) {
  if (all) return corpusColumns(context, query);
  return context.itemsAreDistinct ? distinctColumns(context, query) : undefined;
}

/** Counts the exponential of a row's own score once, however many rows of the batch its column represents. */
function withOwnOnce({ builder }: LossContext, columns: BatchColumns, raised: Ref, own: Ref): Ref {
  if (columns.counts === undefined) return raised;
  return columns.replaceOwn(raised, builder.div(builder.exp(own), columns.ownOf(columns.counts)));
}

/** Returns Σ x · factor over all elements, which is linear in x. */
function inner(builder: Builder, x: Ref, factor: Ref): Ref {
  return builder.sum(builder.mul(x, builder.stopGradient(factor)), [0, 1]);
}

/** Reshapes [batch] to [batch, 1]. */
function column({ builder }: LossContext, values: Ref): Ref {
  return builder.reshape(values, [values.type.shape[0]!, 1]);
}

/** Returns −log q of each column's item, shifted so that the largest is −`shift`: float32 [columns]. */
function columnOffset(context: LossContext, { rows, items }: BatchColumns, args: SoftmaxArguments): Ref {
  const { builder } = context;
  const columnCount = items.type.shape[0]!;
  if (args.correction === 'none') {
    const ofItems = builder.reshape(builder.slice(items, [0, 0], [-1, 1]), [columnCount]);
    return builder.broadcastTo(builder.constant(-shift), ofItems);
  }
  const negative = builder.neg(logQOf(context, args.correction, rows, columnCount));
  return builder.sub(negative, builder.add(builder.max(negative, [0]), shift));
}

interface SoftmaxParts {
  readonly paired: VectorScore;
  readonly columns: BatchColumns;
  readonly sharpness: number;
  readonly args: SoftmaxArguments;
  readonly hits: FurtherHits | undefined;
  readonly weight: Ref | undefined;
  readonly loss: Ref;
}

/** Marks what the loss is computed of, and its value, for engines that have a kernel for it. The step adds the gradients. */
function markParts(context: LossContext, { paired, columns, sharpness, args, hits, weight, loss }: SoftmaxParts): void {
  const { builder, task } = context;
  if (paired.cosineOf === undefined) return;
  const parts: Record<string, Ref | undefined> = {
    user: paired.cosineOf.query,
    item: paired.cosineOf.item,
    sharpness: builder.constant(sharpness),
    own: columns.own,
    counts: columns.counts,
    weight,
    hits: hits && hitPairs(context, columns.rows, hits),
    log_q:
      args.correction === 'none'
        ? undefined
        : logQOf(context, args.correction, columns.rows, columns.items.type.shape[0]!),
    loss,
  };
  for (const [part, value] of Object.entries(parts)) if (value) builder.mark(`softmax/${task}/${part}`, value);
}
