/** The optimizer of rows that benches of tables train with: row-wise AdaGrad at its defaults. */
import type { RowOptimizerPlan } from '../src/graph/plan/plan.ts';

export const rowOptimizer: RowOptimizerPlan = {
  kind: 'row_adagrad',
  rate: 0.05,
  schedule: { warmup: 0, decay: 'constant' },
  initialAccumulator: 0.1,
  epsilon: 1e-7,
  beta1: 0.9,
  beta2: 0.999,
  weightDecay: 0,
  l2: 0,
};
