import type { SchedulePlan } from '../plan/plan.ts';

/**
 * Multiplier of a rate in step `step` (from 1) of `steps`: up in a line to 1 at the end of the warm-up; from the step after it
 * 1, then down to reach 0 where step `steps` + 1 would be, or as 1/√step.
 */
export function rateFactor({ warmup, decay }: SchedulePlan, step: number, steps: number): number {
  if (step <= warmup) return step / warmup;
  const done = Math.min(1, (step - warmup - 1) / Math.max(1, steps - warmup));
  switch (decay) {
    case 'constant':
      return 1;
    case 'linear':
      return 1 - done;
    case 'cosine':
      return (1 + Math.cos(Math.PI * done)) / 2;
    case 'inverse_sqrt':
      return Math.sqrt(Math.max(1, warmup) / step);
  }
}
