/** Defines settings that several optimizers share. */
import type { Builder, Ref } from '../../../graph/builder.ts';
import type { RowOptimizerPlan, SchedulePlan } from '../../../graph/plan/plan.ts';
import { choice, integer, number } from '../parameters.ts';

/**
 * Parameters of every optimizer that change its rate from step to step. Steps s count from 1. Of T steps in all (epochs × steps of an
 * epoch), the first w are the warm-up, with the rate times s ÷ w. Later steps have the rate times 1 (constant), 1 − d (linear), (1 + cos(πd)) ÷ 2 (cosine) or
 * √(max(1, w) ÷ s) (inverse_sqrt), where d = (s − w − 1) ÷ (T − w). The last step's d is 1 − 1 ÷ (T − w), so no step has a rate of 0.
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

/** Makes the plan of an optimizer for rows. Settings that it does not read get numbers without effect. */
export function rowPlan(
  { rate, warmup, decay }: SchedulePlan & { readonly rate: number },
  { kind, ...settings }: Pick<RowOptimizerPlan, 'kind'> & Partial<RowOptimizerPlan>,
): RowOptimizerPlan {
  const unread = { initialAccumulator: 0, epsilon: 0, beta1: 0, beta2: 0, weightDecay: 0, l2: 0 };
  return { ...unread, kind, rate, schedule: { warmup, decay }, ...settings };
}

/** The parameter of optimizers that add the gradient of l2 ÷ 2 · Σ w² to that of the loss, like `weight_decay` in torch.optim. */
export const l2 = number({
  min: 0,
  doc: 'Share of w that is added to its gradient: the gradient of l2/2 · Σ w². On embeddings, in each step, once for each row that the batch looks up; other rows stay as they are.',
  default: 0,
});

/** Returns g + l2 · w, or just g if l2 is 0. */
export function withL2(builder: Builder, gradient: Ref, weights: Ref, factor: number): Ref {
  return factor === 0 ? gradient : builder.add(gradient, builder.mul(weights, factor));
}
