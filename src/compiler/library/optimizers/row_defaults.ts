import type { RowOptimizerPlan } from '../../../graph/plan/plan.ts';

/** The settings that a row-wise optimizer does not read, as numbers that would change nothing. */
export const rowDefaults: Pick<
  RowOptimizerPlan,
  'initialAccumulator' | 'epsilon' | 'beta1' | 'beta2' | 'weightDecay' | 'l2'
> = { initialAccumulator: 0, epsilon: 0, beta1: 0, beta2: 0, weightDecay: 0, l2: 0 };
