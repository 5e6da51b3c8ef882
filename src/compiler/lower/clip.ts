/**
 * `clip = 1.0`: the whole gradient of a step, cut to a length (Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent
 * neural networks", ICML 2013). The length is over everything that is trained: dense weights, and embedding rows as the step changes
 * them, each row's look-ups added up. So two look-ups that cancel count for nothing, as in `torch.nn.utils.clip_grad_norm_`.
 */
import type { Ref } from '../../graph/builder.ts';
import { byTrained } from './table_rows.ts';
import type { TowerContext } from './tower.ts';

/** PyTorch's guard against a length of 0. */
const epsilon = 1e-6;

export interface Clipped {
  /** Length of the gradient before it is cut, a scalar. */
  readonly norm: Ref;
  /** Gradients of weights and of looked-up rows, in the order given: each times min(1, clip ÷ (length + 1e-6)). */
  readonly gradients: readonly (Ref | undefined)[];
}

/** @param by weights, and inputs that embedding rows come in by */
export function clipGradients(
  context: TowerContext,
  clip: number,
  by: readonly Ref[],
  gradients: readonly (Ref | undefined)[],
): Clipped {
  const { builder } = context.inputs;
  return builder.scope('clip', () => {
    const squares = byTrained(context, by, gradients).flatMap((gradient) => {
      if (gradient === undefined) return [];
      const axes = gradient.type.shape.map((_, axis) => axis);
      return [builder.sum(builder.square(gradient), axes)];
    });
    const norm = builder.sqrt(squares.reduce((sum, next) => builder.add(sum, next), builder.constant(0)));
    const factor = builder.minimum(builder.div(clip, builder.add(norm, epsilon)), 1);
    return { norm, gradients: gradients.map((gradient) => gradient && builder.mul(gradient, factor)) };
  });
}
