import { number } from '../parameters.ts';
import { optimizerKind } from '../rows.ts';
import { rowDefaults } from './row_defaults.ts';
import { schedule, scheduled } from './schedule.ts';

export const sgd = optimizerKind({
  doc: 'Follows the gradient g of the batch.',
  formula: ['w ← w − rate · g'],
  when: 'For a baseline, or where the memory of the optimizer matters.',
  paper: 'Robbins & Monro, "A stochastic approximation method", 1951',
  example: 'sgd(rate: 0.1, warmup: 100, decay: cosine)',
  parameters: {
    rate: number({ above: 0, doc: 'Step size.', default: 0.01 }),
    ...scheduled,
  },
  slots: [],
  update(builder, { weights, gradient, rate }) {
    return { weights: builder.sub(weights, builder.mul(gradient, rate)), slots: [] };
  },
  rows: (args) => ({ ...rowDefaults, kind: 'sgd', rate: args.rate, schedule: schedule(args) }),
  rate: (args) => args.rate,
  schedule,
});
