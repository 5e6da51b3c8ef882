/** The learning rates of each step, after their schedules. */

import type { SchedulePlan, TrainPlan } from '../graph/plan/plan.ts';

/** The learning rates of one step. */
export interface Rates {
  readonly dense: number;
  /** Factor by which the schedule of the dense optimizer multiplies a rate. */
  readonly denseFactor: number;
  readonly embeddings: number;
  /** Factor of the tables' own rates. */
  readonly factor: number;
}

/** @param step from 1, of `steps` */
export function ratesAt({ dense, embeddings }: TrainPlan, step: number, steps: number): Rates {
  const tableFactor = scheduleFactor(embeddings.schedule, step, steps);
  const denseFactor = scheduleFactor(dense.schedule, step, steps);
  return {
    dense: dense.rate * denseFactor,
    denseFactor,
    embeddings: embeddings.rate * tableFactor,
    factor: tableFactor,
  };
}

/**
 * Returns the factor of a rate in step `step` (from 1) of `steps`: it rises linearly to 1 at the end of the warm-up, is 1 in the step after it, and then falls
 * to reach 0 at step `steps` + 1, or as 1/√step.
 */
export function scheduleFactor({ warmup, decay }: SchedulePlan, step: number, steps: number): number {
  if (step <= warmup) return step / warmup;
  const decayedPart = Math.min(1, (step - warmup - 1) / Math.max(1, steps - warmup));
  switch (decay) {
    case 'constant':
      return 1;
    case 'linear':
      return 1 - decayedPart;
    case 'cosine':
      return (1 + Math.cos(Math.PI * decayedPart)) / 2;
    case 'inverse_sqrt':
      return Math.sqrt(Math.max(1, warmup) / step);
  }
}
