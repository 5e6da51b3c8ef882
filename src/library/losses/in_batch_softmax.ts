import type { Builder, Ref } from '../../graph/builder.ts';
import type { RowsOf } from '../../lower/plan.ts';
import type { LossContext, Score } from '../contract.ts';
import { hitsToMask, replaceHits } from './hits.ts';
import { logQOf } from './log_q.ts';
import { rowScore, rowShares, weightedMean } from './mean.ts';
import type { SoftmaxArguments } from './softmax.ts';

const events: RowsOf = { kind: 'events' };

/**
 * Up to here e^±logit, its row sums, and a batch's share of their reciprocals all stay normal float32 numbers, within e^±87,
 * so that no maximum is needed. Log q cannot widen it: each row has a column that it leaves as it was.
 */
const largestBound = 75;
/** As good as −∞ to a maximum and to exp, and finite, so that nothing it meets becomes NaN. */
const hidden = -1e30;
/** Moves the sums, up to `batch` × larger than their terms, back to the middle of that range. */
const shift = 8;

/**
 * Softmax over the batch. With S = sharpness · q · vᵀ, cⱼ = −log qⱼ up to a constant, which cancels, E = exp(S) with hits
 * set to 0, and rᵢ = Σⱼ Eᵢⱼ e^cⱼ:  lossᵢ = log rᵢ − (Sᵢᵢ + cᵢ), and pᵢⱼ = Eᵢⱼ e^cⱼ / rᵢ.
 *
 * At batch 4096 S has 64 MB, so what touches it is counted: the product that makes it, exp, the mask, the row sums, and two
 * products for the gradients, Σⱼ pᵢⱼ vⱼ − vᵢ by a query and Σᵢ pᵢⱼ qᵢ − qⱼ by an item. To have no more, those are written here:
 * of what is returned only the value is the loss, and the gradient is that of `slope`, which is linear in q and v with just
 * these factors. A masked entry has no part in them, as its p is 0. Factors of rows and columns go to q and v, never to S.
 */
export function inBatchSoftmax(context: LossContext, score: Score, sharpness: number, args: SoftmaxArguments): Ref {
  const { builder, weight } = context;
  const query = sharpness === 1 ? score.query : builder.mul(score.query, sharpness);
  const [q, v] = [builder.stopGradient(query), builder.stopGradient(score.item)];

  const logits = builder.matMul(q, v, { transposeB: true });
  const hits = hitsToMask(context, args);
  const mask = (matrix: Ref, value: number): Ref =>
    hits === undefined ? matrix : replaceHits(context, matrix, events, value, hits);
  const bounded = score.bound !== undefined && score.bound * sharpness <= largestBound;
  const visible = bounded ? logits : mask(logits, hidden);
  const maximum = bounded ? undefined : builder.max(visible, [1]);
  const raised = maximum ? builder.exp(builder.sub(visible, column(context, maximum))) : mask(builder.exp(logits), 0);

  const own = rowScore(builder, q, v);
  const offset = columnOffset(context, own, args);
  const factors = column(context, builder.exp(offset));
  // One product for the row sums and for the mean items: a product with a single column would take as long as with 64.
  const weighted = builder.matMul(raised, builder.concat([builder.mul(v, factors), factors], 1));
  const sums = builder.slice(weighted, [0, score.width], [-1, 1]);
  const logSums = builder.reshape(builder.log(sums), own.type.shape);
  const normalizer = maximum === undefined ? logSums : builder.add(logSums, maximum);
  const value = weightedMean(builder, builder.sub(builder.sub(normalizer, offset), own), weight);

  const shares = rowShares(builder, own, weight);
  const share = weight === undefined ? shares : column(context, shares);
  const meanItem = builder.div(builder.slice(weighted, [0, 0], [-1, score.width]), sums);
  const shared = builder.mul(q, share);
  const meanQuery = builder.mul(factors, builder.matMul(raised, builder.div(shared, sums), { transposeA: true }));
  const byQuery = builder.mul(builder.sub(meanItem, v), share);
  const byItem = builder.sub(meanQuery, shared);
  const slope = builder.add(inner(builder, query, byQuery), inner(builder, score.item, byItem));
  return builder.add(slope, builder.stopGradient(builder.sub(value, slope)));
}

/** Σ x · factor over all elements, linear in x. */
function inner(builder: Builder, x: Ref, factor: Ref): Ref {
  return builder.sum(builder.mul(x, builder.stopGradient(factor)), [0, 1]);
}

/** [batch] → [batch, 1] */
function column({ builder }: LossContext, values: Ref): Ref {
  return builder.reshape(values, [values.type.shape[0]!, 1]);
}

/** −log q of each column's item, moved so that the largest is −`shift`: float32 [batch]. */
function columnOffset(context: LossContext, like: Ref, args: SoftmaxArguments): Ref {
  const { builder } = context;
  if (args.correction === 'none') return builder.broadcastTo(builder.constant(-shift), like);
  const negative = builder.neg(logQOf(context, args.correction, events, like.type.shape[0]!));
  return builder.sub(negative, builder.add(builder.max(negative, [0]), shift));
}
