import type { Builder, Ref } from '../../../graph/builder.ts';
import type { Arguments } from '../contract.ts';
import { number } from '../parameters.ts';
import { optimizerKind } from '../rows.ts';
import { l2, rowPlan, scheduled, withL2 } from './settings.ts';

/** Parameters that adam, adamw and lamb share. */
export const adamParameters = {
  rate: number({ above: 0, doc: 'Step size.', default: 1e-3 }),
  beta1: number({ min: 0, below: 1, doc: 'Decay of the mean gradient.', default: 0.9 }),
  beta2: number({ min: 0, below: 1, doc: 'Decay of the mean squared gradient.', default: 0.999 }),
  epsilon: number({ above: 0, max: 1, doc: 'Added to the root of the mean square.', default: 1e-8 }),
  ...scheduled,
};

export const adamSlots = () => [
  { name: 'mean', initial: 0 },
  { name: 'square', initial: 0 },
];

/**
 * Returns the change m̂ / (√v̂ + ε) after m ← m + (1 − β₁)(g − m) and v ← v + (1 − β₂)(g² − v), with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ) at step t from 1.
 * `step` is a scalar; everything else has the shape of the weights.
 */
export function adamChange(
  builder: Builder,
  gradient: Ref,
  slots: readonly Ref[],
  step: Ref,
  { beta1, beta2, epsilon }: Pick<Arguments<typeof adamParameters>, 'beta1' | 'beta2' | 'epsilon'>,
): { readonly change: Ref; readonly slots: readonly Ref[] } {
  const [first, second] = slots as [Ref, Ref];
  const mean = builder.add(first, builder.mul(builder.sub(gradient, first), 1 - beta1));
  const square = builder.add(second, builder.mul(builder.sub(builder.square(gradient), second), 1 - beta2));
  const unbiasedMean = builder.div(mean, oneMinusPower(builder, beta1, step));
  const unbiasedSquare = builder.div(square, oneMinusPower(builder, beta2, step));
  return {
    change: builder.div(unbiasedMean, builder.add(builder.sqrt(unbiasedSquare), epsilon)),
    slots: [mean, square],
  };
}

/** Returns 1 − βᵗ as 2h / (1 + h), h = tanh(−t · ln β / 2), which is exact in float32 even if βᵗ is close to 1. */
function oneMinusPower(builder: Builder, beta: number, step: Ref): Ref {
  if (beta === 0) return builder.constant(1);
  const half = builder.tanh(builder.mul(step, -Math.log(beta) / 2));
  return builder.div(builder.mul(half, 2), builder.add(half, 1));
}

export const adam = optimizerKind({
  doc: 'Follows the mean gradient, divided by the root of the mean squared gradient, at step t. On embeddings lazy: only rows that the batch looks up change, and t counts the steps of each row by itself: its first step has t = 1 whenever it comes.',
  formula: [
    'g ← g + l2 · w',
    'm ← β₁ m + (1 − β₁) g, m̂ = m / (1 − β₁^t)',
    'v ← β₂ v + (1 − β₂) g², v̂ = v / (1 − β₂^t)',
    'w ← w − rate · m̂ / (√v̂ + epsilon)',
  ],
  when: 'The first choice for dense weights.',
  paper: 'Kingma & Ba, "Adam", ICLR 2015 (algorithm 1)',
  example: 'adam(rate: 1e-3)',
  rates: [1e-7, 0.5],
  parameters: { ...adamParameters, l2 },
  slots: adamSlots,
  update(builder, { weights, gradient, slots, rate, step }, args) {
    const regularized = withL2(builder, gradient, weights, args.l2);
    const { change, slots: next } = adamChange(builder, regularized, slots, step, args);
    return { weights: builder.sub(weights, builder.mul(change, rate)), slots: next };
  },
  rows({ epsilon, beta1, beta2, l2, ...args }) {
    return rowPlan(args, { kind: 'adam', epsilon, beta1, beta2, l2 });
  },
});
