/** How fast a step moves: the same where it is trained and where it is taken again. */
import type { TrainPlan } from '../plan/plan.ts';
import { rateFactor } from './schedule.ts';

export interface Rates {
  readonly dense: number;
  /** What the schedule of the dense optimizer multiplies a rate by. */
  readonly denseFactor: number;
  readonly embeddings: number;
  /** What the tables' own rate is multiplied by. */
  readonly factor: number;
}

/** Of step `step`, from 1, of `steps`. */
export function ratesAt({ dense, embeddings }: TrainPlan, step: number, steps: number): Rates {
  const factor = rateFactor(embeddings.schedule, step, steps);
  const denseFactor = rateFactor(dense.schedule, step, steps);
  return {
    dense: dense.rate * denseFactor,
    denseFactor,
    embeddings: embeddings.rate * factor,
    factor,
  };
}
