import type { Arguments } from '../contract.ts';
import { flag, number } from '../parameters.ts';
import { hardestArguments } from './hardest.ts';
import { hitArguments } from './hits.ts';
import { softmaxCorrection } from './log_q.ts';
import { all, negativeArguments } from './negatives.ts';
import { queue } from './queue.ts';
import { smoothing } from './smoothing.ts';
import { sharpnessArguments } from './temperature.ts';

/** The parameters of every form of the softmax. */
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

/** The arguments of every form but that of `correction: refined`. */
export type SoftmaxArguments = Omit<WrittenSoftmaxArguments, 'correction'> & {
  readonly correction: Exclude<WrittenSoftmaxArguments['correction'], 'refined'>;
};
