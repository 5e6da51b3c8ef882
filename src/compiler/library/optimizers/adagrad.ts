import { ShapeError } from '../contract.ts';
import { choice, number } from '../parameters.ts';
import { optimizerKind } from '../rows.ts';
import { l2, rowPlan, scheduled, withL2 } from './settings.ts';

/** Throws ShapeError for settings with which a weight becomes NaN, as 0 ÷ 0, if its gradient has always been 0. */
function refuseZeros({ initial, epsilon }: { readonly initial: number; readonly epsilon: number }): void {
  if (initial === 0 && epsilon === 0) {
    throw new ShapeError('takes `initial: 0` or `epsilon: 0`, not both: the step of a gradient of 0 would be 0 ÷ 0');
  }
}

export const adagrad = optimizerKind({
  doc: 'A step for each weight, smaller the more its gradients add up to. For embeddings `per: row` keeps one a for each row, fed with the mean of g² over the row: memory of one number a row.',
  formula: ['g ← g + l2 · w', 'a ← a + g², a begins at initial', 'w ← w − rate · g / (√a + epsilon)'],
  when: 'The first choice for embeddings: rare rows keep a large rate.',
  paper: 'Duchi et al., "Adaptive subgradient methods", JMLR 2011; per row: Mudigere et al., ISCA 2022 (section 4.1.4)',
  example: 'adagrad(rate: 0.05, per: row)',
  rates: [1e-6, 5],
  parameters: {
    rate: number({ above: 0, doc: 'Step size.', default: 0.05 }),
    initial: number({
      min: 0,
      doc: 'First value of a. While the g² of a weight add up to less than this, its step is about rate · g / √initial. The g of a row is small where the batch is large: try a smaller value, or `adam`, if the loss does not fall.',
      default: 0.1,
    }),
    epsilon: number({ min: 0, max: 1, doc: 'Added to the root of a.', default: 1e-7 }),
    per: choice(['element', 'row'], {
      doc: 'One a for each number, or for each row of an embedding table.',
      default: 'element',
    }),
    l2,
    ...scheduled,
  },
  slots: ({ initial }) => [{ name: 'accumulator', initial }],
  update(builder, { weights, gradient, slots, rate }, args) {
    const { per, epsilon } = args;
    refuseZeros(args);
    if (per === 'row') throw new ShapeError('with `per: row` is for embeddings: dense weights have no rows');
    const regularized = withL2(builder, gradient, weights, args.l2);
    const accumulator = builder.add(slots[0]!, builder.square(regularized));
    const scaled = builder.div(regularized, builder.add(builder.sqrt(accumulator), epsilon));
    return { weights: builder.sub(weights, builder.mul(scaled, rate)), slots: [accumulator] };
  },
  rows(args) {
    refuseZeros(args);
    const { per, initial: initialAccumulator, epsilon, l2 } = args;
    return rowPlan(args, { kind: per === 'row' ? 'row_adagrad' : 'adagrad', initialAccumulator, epsilon, l2 });
  },
});
