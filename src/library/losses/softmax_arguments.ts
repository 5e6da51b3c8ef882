import type { Arguments } from '../contract.ts';
import { hitArguments } from './hits.ts';
import { correction } from './log_q.ts';
import { all, negativeArguments, sharpnessArguments } from './negatives.ts';
import { smoothing } from './smoothing.ts';

/** What every form of the softmax may be given. */
export const softmaxParameters = {
  all,
  ...negativeArguments,
  ...sharpnessArguments,
  correction,
  ...hitArguments,
  smoothing,
};

export type SoftmaxArguments = Arguments<typeof softmaxParameters>;
