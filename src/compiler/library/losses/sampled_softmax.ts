import type { Ref } from '../../../graph/builder.ts';
import { elementsOf } from '../../../graph/dims.ts';
import type { DrawnBy, RowsOf } from '../../../graph/plan/plan.ts';
import type { LossContext, Score } from '../contract.ts';
import { hidden } from './columns.ts';
import { hitsToMask, replaceHits } from './hits.ts';
import { logQOf } from './log_q.ts';
import { rowScore, weightedMean } from './mean.ts';
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
  const query = sharpness === 1 ? score.query : builder.mul(score.query, sharpness);
  const plain = rowScore(builder, query, score.item);
  const own = args.margin === 0 ? plain : builder.sub(plain, args.margin * sharpness);
  const batch = own.type.shape[0]!;

  const items = builder.reshape(context.scoreOf(rows).item, [batch, draw.n, score.width]);
  const queries = builder.reshape(query, [batch, 1, score.width]);
  const drawn = correct(builder.sum(builder.mul(queries, items), [2]), rows);
  const hits = hitsToMask(context, args);
  const mask = (matrix: Ref, value: number): Ref =>
    hits === undefined ? matrix : replaceHits(context, matrix, rows, value, hits);

  const first = builder.reshape(correct(own, { kind: 'events' }), [batch, 1]);
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

  /** score/τ − log q of its item. */
  function correct(logits: Ref, of: RowsOf): Ref {
    if (args.correction === 'none') return logits;
    const { shape } = logits.type;
    const logQ = logQOf(context, args.correction, of, elementsOf(shape));
    return builder.sub(logits, builder.reshape(draw.power === undefined ? logQ : builder.mul(logQ, draw.power), shape));
  }
}
