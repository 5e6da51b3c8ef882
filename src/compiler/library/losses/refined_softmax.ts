import type { Ref } from '../../../graph/builder.ts';
import { type LossContext, type Score, ShapeError } from '../contract.ts';
import { drawPool } from './drawn_negatives.ts';
import { logQOf } from './log_q.ts';
import { rowScore, weightedMean } from './mean.ts';
import { logSumOfNegatives, lowerNegatives } from './negative_columns.ts';
import { sharedRowsOf } from './negatives.ts';
import type { SoftmaxArguments } from './softmax_arguments.ts';

/**
 * Log q refined (Khrylchenko et al., "Correcting the logQ correction", RecSys 2025). The own item is not drawn, so that only the negatives are corrected, by
 * q'ⱼ = qⱼ ÷ (1 − q own), and the own item leaves the sum. With m negatives of row i:
 *
 *   nᵢ = log Σⱼ e^(sᵢⱼ − log q'ⱼ)        wᵢ = 1 − pᵢ = σ(nᵢ − log m − sᵢᵢ)        lossᵢ = wᵢ · (nᵢ − sᵢᵢ)
 *
 * w is not differentiated: it is the chance of a wrong answer as the model has it now. The gradient is then that of the softmax over all
 * items, with the negatives' part estimated. Throws ShapeError for what would bring the own item back, or has no q.
 */
export function refinedSoftmax(
  context: LossContext,
  score: Score,
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
  // Items that are all drawn alike have one q, which moves the sum by as much.
  const alike = drawn !== undefined && drawn.by !== 'frequency';
  const parts = lowerNegatives(context, score, { ...args, correction: alike ? 'none' : 'frequency' }, sharpness);
  const plain = rowScore(builder, score.query, score.item);
  const own = builder.mul(args.margin === 0 ? plain : builder.sub(plain, args.margin), sharpness);

  const logQ = alike && sampled ? builder.neg(builder.log(drawPool(context, sampled))) : logQOfOwn();
  const others = builder.log(builder.maximum(builder.sub(1, builder.exp(logQ)), 1e-7));
  const sum = logSumOfNegatives(context, parts);
  const negatives = builder.add(alike ? builder.sub(sum, logQ) : sum, others);
  const count = parts.map((part) => builder.sum(part.visible(), [1])).reduce((a, b) => builder.add(a, b));
  const mean = builder.sub(negatives, builder.log(builder.maximum(count, 1)));
  // A row without a negative has no wrong answer.
  const some = builder.minimum(count, 1);
  const wrong = builder.stopGradient(builder.mul(builder.sigmoid(builder.sub(mean, own)), some));
  return weightedMean(builder, builder.mul(wrong, builder.sub(negatives, own)), weight);

  /** Of the batch's columns, of those and what is drawn, or of the draw: float32 [batch]. */
  function logQOfOwn(): Ref {
    const mixed = args.in_batch && sampled ? sharedRowsOf(sampled, true) : undefined;
    return logQOf(context, 'frequency', { kind: 'events' }, own.type.shape[0]!, mixed);
  }
}
