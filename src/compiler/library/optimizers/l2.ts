import type { Builder, Ref } from '../../../graph/builder.ts';
import { number } from '../parameters.ts';

/** The parameter of optimizers that add the gradient of l2 ÷ 2 · Σ w² to that of the loss, as `weight_decay` of torch.optim does. */
export const l2 = number({
  min: 0,
  doc: 'Share of w that is added to its gradient: the gradient of l2/2 · Σ w². On embeddings, in each step, once for each row that the batch looks up; other rows stay as they are.',
  default: 0,
});

/** g + l2 · w; g alone where l2 is 0. */
export function withL2(builder: Builder, gradient: Ref, weights: Ref, factor: number): Ref {
  return factor === 0 ? gradient : builder.add(gradient, builder.mul(weights, factor));
}
