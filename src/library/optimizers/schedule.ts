import type { SchedulePlan } from '../../lower/plan.ts';
import { choice, integer } from '../parameters.ts';

/** Parameters of every optimizer: how its rate changes from step to step. */
export const scheduled = {
  warmup: integer({ min: 0, doc: 'Steps over which the rate rises in a line from 0.', default: 0 }),
  decay: choice(['constant', 'linear', 'cosine', 'inverse_sqrt'], {
    doc: 'After the warm-up: as it is, to 0 at the last step in a line or half a cosine, or as 1/√step.',
    default: 'constant',
  }),
};

export function schedule({ warmup, decay }: SchedulePlan): SchedulePlan {
  return { warmup, decay };
}
