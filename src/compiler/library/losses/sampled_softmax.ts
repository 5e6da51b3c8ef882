import type { Ref } from '../../../graph/builder.ts';
import type { DrawnBy, RowsOf } from '../../../graph/plan/plan.ts';
import type { LossContext, Score } from '../contract.ts';
import { hidden } from './columns.ts';
import { hitsToMask, replaceHits } from './hits.ts';
import { sharpenedRow, weightedMean } from './mean.ts';
import { corrected } from './negative_columns.ts';
import { drawOf, refuseIdleCorrection } from './negatives.ts';
import type { SoftmaxArguments } from './softmax_arguments.ts';

/**
 * Softmax of each row's own item over itself and the n items drawn for that row: logits [batch, 1 + n], the own first.
 * Throws ShapeError for a correction that would cancel: with uniform draws log q is the same for each.
 */
export function sampledSoftmax(
  context: LossContext,
  score: Score,
  sharpness: number,
  args: SoftmaxArguments,
  draw: { readonly n: number; readonly by: DrawnBy; readonly power: number | undefined },
): Ref {
  const { builder } = context;
  refuseIdleCorrection(args.correction, draw.by);
  const rows: RowsOf = { kind: 'sampled', perRow: draw.n, ...drawOf(draw) };
  const { query, own } = sharpenedRow(builder, score, sharpness, args.margin);
  const batch = own.type.shape[0]!;

  const items = builder.reshape(context.scoreOf(rows).item, [batch, draw.n, score.width]);
  const queries = builder.reshape(query, [batch, 1, score.width]);
  const drawn = corrected(context, builder.sum(builder.mul(queries, items), [2]), args.correction, rows, draw.power);
  const hits = hitsToMask(context, args);
  const mask = (matrix: Ref, value: number): Ref =>
    hits === undefined ? matrix : replaceHits(context, matrix, rows, value, hits);

  const first = builder.reshape(corrected(context, own, args.correction, { kind: 'events' }, draw.power), [batch, 1]);
  const logShares = builder.logSoftmax(builder.concat([first, mask(drawn, hidden)], 1));
  const ownShare = builder.reshape(builder.slice(logShares, [0, 0], [-1, 1]), [batch]);
  const loss = builder.neg(args.smoothing === 0 ? ownShare : smoothed(args.smoothing));
  return weightedMean(builder, loss, context.weight);

  /** (1 − ε) · log p of the own + ε · mean of log p over the own and all that were drawn, hits apart. */
  function smoothed(smoothing: number): Ref {
    const others = builder.slice(logShares, [0, 1], [-1, draw.n]);
    const visible = mask(builder.broadcastTo(builder.constant(1), drawn), 0);
    const total = builder.add(builder.sum(builder.mul(visible, others), [1]), ownShare);
    const mean = builder.div(total, builder.add(builder.sum(visible, [1]), 1));
    return builder.add(builder.mul(ownShare, 1 - smoothing), builder.mul(mean, smoothing));
  }
}
