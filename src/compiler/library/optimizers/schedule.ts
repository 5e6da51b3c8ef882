import type { SchedulePlan } from '../../../graph/plan/plan.ts';
import { choice, integer } from '../parameters.ts';

/**
 * Parameters of every optimizer: how its rate changes from step to step. With w warm-up steps of T in all, T being epochs × steps of
 * an epoch, the rate of step s from 1 is multiplied by s ÷ w up to step w; after it by 1 − d (linear), (1 + cos(πd)) ÷ 2 (cosine) or
 * √(max(1, w) ÷ s), with d = (s − w − 1) ÷ (T − w). The last step's d is 1 − 1 ÷ (T − w): no step trains at a rate of 0.
 */
export const scheduled = {
  warmup: integer({
    min: 0,
    doc: 'w: steps over which the rate rises in a line; step s takes s/w of it, and step w all of it.',
    default: 0,
  }),
  decay: choice(['constant', 'linear', 'cosine', 'inverse_sqrt'], {
    doc: 'After the warm-up: as it is; in a line, or by half a cosine, from 1 at step w + 1 towards 0 at step T + 1, one after the last, so that the last of T steps takes 1/(T − w) of it in a line; or as √(max(1, w)/step). T is epochs × steps of an epoch.',
    default: 'constant',
  }),
};

export function schedule({ warmup, decay }: SchedulePlan): SchedulePlan {
  return { warmup, decay };
}
