/** How fast a step moves: the same where it is trained and where it is taken again. */
import type { SchedulePlan, TrainPlan } from '../graph/plan/plan.ts';

export interface Rates {
  readonly dense: number;
  /** The schedule of the dense optimizer multiplies a rate by it. */
  readonly denseFactor: number;
  readonly embeddings: number;
  /** The tables' own rate is multiplied by it. */
  readonly factor: number;
}

/** @param step from 1, of `steps` */
export function ratesAt({ dense, embeddings }: TrainPlan, step: number, steps: number): Rates {
  const tableFactor = rateFactor(embeddings.schedule, step, steps);
  const denseFactor = rateFactor(dense.schedule, step, steps);
  return {
    dense: dense.rate * denseFactor,
    denseFactor,
    embeddings: embeddings.rate * tableFactor,
    factor: tableFactor,
  };
}

/**
 * Multiplier of a rate in step `step` (from 1) of `steps`: up in a line to 1 at the end of the warm-up; from the step after it
 * 1, then down to reach 0 where step `steps` + 1 would be, or as 1/√step.
 */
export function rateFactor({ warmup, decay }: SchedulePlan, step: number, steps: number): number {
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
