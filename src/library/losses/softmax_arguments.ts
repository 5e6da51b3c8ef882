import type { Arguments } from '../contract.ts';
import { hitArguments } from './hits.ts';
import { correction } from './log_q.ts';
import { negativeArguments, sharpnessArguments } from './negatives.ts';
import { smoothing } from './smoothing.ts';

/** What every form of the softmax may be given. */
export const softmaxParameters = {
  ...negativeArguments,
  ...sharpnessArguments,
  correction,
  ...hitArguments,
  smoothing,
};

export type SoftmaxArguments = Arguments<typeof softmaxParameters>;
