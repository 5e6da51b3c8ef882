import { number } from '../parameters.ts';
import { optimizerKind } from '../rows.ts';
import { adamChange } from './adam_update.ts';
import { l2, withL2 } from './l2.ts';
import { rowDefaults } from './row_defaults.ts';
import { schedule, scheduled } from './schedule.ts';

/** Parameters that adam, adamw and lamb share. */
export const adamParameters = {
  rate: number({ above: 0, doc: 'Step size.', default: 1e-3 }),
  beta1: number({ min: 0, below: 1, doc: 'Decay of the mean gradient.', default: 0.9 }),
  beta2: number({ min: 0, below: 1, doc: 'Decay of the mean squared gradient.', default: 0.999 }),
  epsilon: number({ above: 0, doc: 'Added to the root of the mean square.', default: 1e-8 }),
  ...scheduled,
};

export const adamSlots = () => [
  { name: 'mean', initial: () => 0 },
  { name: 'square', initial: () => 0 },
];

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
  parameters: { ...adamParameters, l2 },
  slots: adamSlots,
  update(builder, { weights, gradient, slots, rate, step }, args) {
    const { change, slots: next } = adamChange(
      builder,
      withL2(builder, gradient, weights, args.l2),
      [slots[0]!, slots[1]!],
      step,
      args,
    );
    return { weights: builder.sub(weights, builder.mul(change, rate)), slots: next };
  },
  rows: (args) => ({
    ...rowDefaults,
    kind: 'adam',
    rate: args.rate,
    schedule: schedule(args),
    epsilon: args.epsilon,
    beta1: args.beta1,
    beta2: args.beta2,
    l2: args.l2,
  }),
  rate: (args) => args.rate,
  schedule,
});
