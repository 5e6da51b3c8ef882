import { number } from '../parameters.ts';
import { optimizerKind } from '../rows.ts';
import { adam, adamChange, adamParameters, adamSlots } from './adam.ts';

export const adamw = optimizerKind({
  doc: 'Adam with decoupled weight decay.',
  formula: ['w ← w − rate · (m̂ / (√v̂ + epsilon) + weight_decay · w), m̂ and v̂ as of adam'],
  when: 'In place of `adam` where the layers overfit.',
  paper: 'Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019 (algorithm 2)',
  example: 'adamw(rate: 1e-3, weight_decay: 0.01)',
  rates: [1e-7, 0.5],
  parameters: {
    ...adamParameters,
    weight_decay: number({ min: 0, doc: 'Share of a weight that goes at each step, times the rate.', default: 0.01 }),
  },
  slots: adamSlots,
  update(builder, { weights, gradient, slots, rate, step }, args) {
    const { change, slots: next } = adamChange(builder, gradient, slots, step, args);
    const decayed = builder.add(change, builder.mul(weights, args.weight_decay));
    return { weights: builder.sub(weights, builder.mul(decayed, rate)), slots: next };
  },
  rows: (args) => ({ ...adam.rows({ ...args, l2: 0 }), weightDecay: args.weight_decay }),
});
