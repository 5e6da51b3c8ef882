/** Softmax of each row's own item against any negatives: listed, mined, of past batches, or the hardest of all that a row has. */
import type { Ref } from '../../../graph/builder.ts';
import { type LossContext, type Score, ShapeError } from '../contract.ts';
import { smoothedSoftmax } from './columns.ts';
import { hardestOf, refuseLoneGap } from './hardest.ts';
import { hitsToMask } from './hits.ts';
import { lowerChoice } from './negative_columns.ts';
import { queueColumns } from './queue.ts';
import type { SoftmaxArguments } from './softmax_arguments.ts';

/** loss_i = log Σ_j e^c_ij − (1 − ε) · c_ii − ε · mean_j c_ij, j the own item and the negatives that count. */
export function choiceSoftmax(context: LossContext, score: Score, sharpness: number, args: SoftmaxArguments): Ref {
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
  const further = queue ? [queueColumns(context, score, queue, { sharpness, correction, hits })] : [];
  const chosen = hardestOf(context, { ...choice, parts: [...choice.parts, ...further] }, args, sharpness);
  const columns = margin === 0 ? chosen : { ...chosen, own: builder.sub(chosen.own, margin * sharpness) };
  return smoothedSoftmax(context, columns, smoothing);
}
