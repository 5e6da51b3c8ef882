import type { Ref } from '../../graph/builder.ts';
import type { RowsOf } from '../../lower/plan.ts';
import type { LossContext, Score } from '../contract.ts';
import { replaceHits } from './hits.ts';
import { rowScore, weightedMean } from './mean.ts';
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
 * Softmax over the batch. With S = sharpness · q · vᵀ, cⱼ = −log qⱼ up to a constant, which cancels, and E = exp(S) with
 * hits set to 0:  lossᵢ = log Σⱼ Eᵢⱼ e^cⱼ − (Sᵢᵢ + cᵢ).
 *
 * At batch 4096 S has 64 MB, so what touches it is counted. One product makes it; it is raised and masked; a second product
 * with [v · e^c, e^c] gives the softmax's mean item Σⱼ pᵢⱼ vⱼ and the row sums at once; a third comes with the gradient.
 * No more, because E is held constant and the gradient is that of the mean logit qᵢ · Σⱼ pᵢⱼ vⱼ, which by q and by v is the
 * gradient of log Σⱼ Eᵢⱼ e^cⱼ; and a masked entry has no part in it, as its p is 0.
 */
export function inBatchSoftmax(context: LossContext, score: Score, sharpness: number, args: SoftmaxArguments): Ref {
  const { builder } = context;
  const query = sharpness === 1 ? score.query : builder.mul(score.query, sharpness);
  const own = rowScore(builder, query, score.item);

  const logits = builder.matMul(builder.stopGradient(query), builder.stopGradient(score.item), { transposeB: true });
  const mask = (matrix: Ref, value: number): Ref =>
    args.accidental_hits === 'keep' ? matrix : replaceHits(context, matrix, events, value);
  const bounded = score.bound !== undefined && score.bound * sharpness <= largestBound;
  const visible = bounded ? logits : mask(logits, hidden);
  const maximum = bounded ? undefined : builder.max(visible, [1]);
  const raised = maximum ? builder.exp(builder.sub(visible, column(context, maximum))) : mask(builder.exp(logits), 0);

  const offset = columnOffset(context, own, args);
  const factors = column(context, builder.exp(offset));
  const items = builder.concat([builder.mul(score.item, factors), factors], 1);
  const totals = builder.matMul(raised, items);
  const sums = builder.stopGradient(builder.slice(totals, [0, score.width], [-1, 1]));
  const meanItem = builder.div(builder.slice(totals, [0, 0], [-1, score.width]), sums);
  const meanLogit = rowScore(builder, query, meanItem);

  const logSum = builder.reshape(builder.log(sums), own.type.shape);
  const normalizer = maximum === undefined ? logSum : builder.add(logSum, maximum);
  const derivedFrom = builder.sub(meanLogit, own);
  const value = builder.sub(builder.sub(normalizer, offset), own);
  const losses = builder.add(derivedFrom, builder.stopGradient(builder.sub(value, derivedFrom)));
  return weightedMean(builder, losses, context.weight);
}

/** [batch] → [batch, 1] */
function column({ builder }: LossContext, values: Ref): Ref {
  return builder.reshape(values, [values.type.shape[0]!, 1]);
}

/** −log q of each column's item, moved so that the largest is −`shift`: float32 [batch]. */
function columnOffset({ builder, key, input }: LossContext, like: Ref, args: SoftmaxArguments): Ref {
  if (args.correction === 'none') return builder.broadcastTo(builder.constant(-shift), like);
  const source = { from: 'log_q', key, estimator: args.correction, rows: events } as const;
  const negative = builder.neg(input(`log_q/${key}`, source, like.type.shape));
  return builder.sub(negative, builder.add(builder.max(negative, [0]), shift));
}
