import { number } from '../parameters.ts';
import { optimizerKind } from '../rows.ts';
import { l2, rowPlan, scheduled, withL2 } from './settings.ts';

export const sgd = optimizerKind({
  doc: 'Follows the gradient g of the batch; with momentum, the sum of the gradients so far, the older ones counting less and less. On embeddings a row keeps its momentum while no batch looks it up.',
  formula: ['m ← momentum · m + g + l2 · w, m begins at 0', 'w ← w − rate · m'],
  when: 'For a baseline, or where the memory of the optimizer matters: without momentum it keeps nothing.',
  paper:
    'Robbins & Monro, "A stochastic approximation method", 1951; momentum: Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, in the form of `torch.optim.SGD`',
  example: 'sgd(rate: 0.1, momentum: 0.9, warmup: 100, decay: cosine)',
  rates: [1e-8, 1000],
  parameters: {
    rate: number({ above: 0, doc: 'Step size.', default: 0.01 }),
    momentum: number({ min: 0, below: 1, doc: 'Share of the last m that stays in the next one.', default: 0 }),
    l2,
    ...scheduled,
  },
  slots: ({ momentum }) => (momentum === 0 ? [] : [{ name: 'momentum', initial: 0 }]),
  update(builder, { weights, gradient, slots, rate }, args) {
    const [before] = slots;
    const regularized = withL2(builder, gradient, weights, args.l2);
    if (!before) return { weights: builder.sub(weights, builder.mul(regularized, rate)), slots: [] };
    const momentum = builder.add(builder.mul(before, args.momentum), regularized);
    return { weights: builder.sub(weights, builder.mul(momentum, rate)), slots: [momentum] };
  },
  rows: ({ momentum, l2, ...args }) =>
    rowPlan(args, { kind: momentum === 0 ? 'sgd' : 'momentum', beta1: momentum, l2 }),
});
