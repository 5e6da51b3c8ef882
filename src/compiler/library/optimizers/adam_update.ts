import type { Builder, Ref } from '../../../graph/builder.ts';

export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/**
 * m ← m + (1 − β₁)(g − m); v ← v + (1 − β₂)(g² − v); the change is m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)
 * at step t from 1. `step` is a scalar; everything else has the shape of the weights.
 */
export function adamChange(
  builder: Builder,
  gradient: Ref,
  [first, second]: readonly [Ref, Ref],
  step: Ref,
  { beta1, beta2, epsilon }: AdamSettings,
): { readonly change: Ref; readonly slots: readonly [Ref, Ref] } {
  const mean = builder.add(first, builder.mul(builder.sub(gradient, first), 1 - beta1));
  const square = builder.add(second, builder.mul(builder.sub(builder.square(gradient), second), 1 - beta2));
  const unbiasedMean = builder.div(mean, oneMinusPower(builder, beta1, step));
  const unbiasedSquare = builder.div(square, oneMinusPower(builder, beta2, step));
  return {
    change: builder.div(unbiasedMean, builder.add(builder.sqrt(unbiasedSquare), epsilon)),
    slots: [mean, square],
  };
}

/** 1 − βᵗ as 2h / (1 + h), h = tanh(−t · ln β / 2): exact in float32 also where βᵗ is nearly 1. */
function oneMinusPower(builder: Builder, beta: number, step: Ref): Ref {
  if (beta === 0) return builder.constant(1);
  const half = builder.tanh(builder.mul(step, -Math.log(beta) / 2));
  return builder.div(builder.mul(half, 2), builder.add(half, 1));
}
