import type { Ref } from '../../graph/builder.ts';
import { elementsOf } from '../../graph/dims.ts';
import type { RowsOf } from '../../lower/plan.ts';
import { type LossContext, type Score, ShapeError } from '../contract.ts';
import { rowsPrefix } from '../rows_prefix.ts';
import { replaceHits } from './hits.ts';
import { rowScore, weightedMean } from './mean.ts';
import type { SoftmaxArguments } from './softmax.ts';

/** As good as −∞ before a softmax, and finite, so that 0 · masked is not NaN. */
const masked = -1e9;

/**
 * Softmax of each row's own item over itself and the n items drawn for that row: logits [batch, 1 + n], the own first.
 * Throws ShapeError for a correction that would cancel: with uniform draws log q is the same for each.
 */
export function sampledSoftmax(
  context: LossContext,
  score: Score,
  sharpness: number,
  args: SoftmaxArguments,
  draw: { readonly n: number; readonly by: 'uniform' | 'frequency' },
): Ref {
  const { builder, key } = context;
  if (args.correction !== 'none' && draw.by === 'uniform') {
    throw new ShapeError('needs no `correction` for uniform negatives: log q is then the same for every item');
  }
  const rows: RowsOf = { kind: 'sampled', perRow: draw.n, by: draw.by };
  const query = sharpness === 1 ? score.query : builder.mul(score.query, sharpness);
  const own = rowScore(builder, query, score.item);
  const batch = own.type.shape[0]!;

  const items = builder.reshape(context.scoreOf(rows).item, [batch, draw.n, score.width]);
  const queries = builder.reshape(query, [batch, 1, score.width]);
  const drawn = builder.sum(builder.mul(queries, items), [2]);

  const ownCorrected = correct(own, { kind: 'events' });
  const drawnCorrected = correct(drawn, rows);
  const others = args.accidental_hits === 'keep' ? drawnCorrected : replaceHits(context, drawnCorrected, rows, masked);
  const logits = builder.concat([builder.reshape(ownCorrected, [batch, 1]), others], 1);
  const logShare = builder.slice(builder.logSoftmax(logits), [0, 0], [-1, 1]);
  return weightedMean(builder, builder.neg(builder.reshape(logShare, [batch])), context.weight);

  /** score/τ − log q of its item. */
  function correct(logits: Ref, of: RowsOf): Ref {
    if (args.correction === 'none') return logits;
    const source = { from: 'log_q', key, estimator: args.correction, rows: of } as const;
    const logQ = context.input(`log_q/${rowsPrefix(of)}${key}`, source, [elementsOf(logits.type.shape)]);
    return builder.sub(logits, builder.reshape(logQ, logits.type.shape));
  }
}
