import type { Builder, Ref } from '../../../graph/builder.ts';
import { number } from '../parameters.ts';
import { optimizerKind } from '../rows.ts';
import { sumOfAll } from '../values.ts';
import { adam, adamChange, adamParameters, adamSlots } from './adam.ts';

export const lamb = optimizerKind({
  doc: 'The step of adamw, scaled for each weight matrix or bias to the length of what it changes. A row of an embedding table counts as one of its own, as in FBGEMM.',
  formula: [
    'u = m̂ / (√v̂ + epsilon) + weight_decay · w, m̂ and v̂ as of adam',
    'w ← w − rate · ‖w‖/‖u‖ · u, with 1 for ‖w‖/‖u‖ where either is 0',
  ],
  when: 'For large batches: a rate that suits one batch suits others better than that of `adam`.',
  paper:
    'You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", ICLR 2020 (algorithm 2, φ(z) = z)',
  example: 'lamb(rate: 2e-3, weight_decay: 0.01)',
  rates: [1e-7, 0.5],
  parameters: {
    ...adamParameters,
    rate: number({ above: 0, doc: 'Step size, as a share of the length of w.', default: 1e-3 }),
    epsilon: number({ above: 0, max: 1, doc: 'Added to the root of the mean square.', default: 1e-6 }),
    weight_decay: number({
      min: 0,
      doc: 'Share of w that is added to its step, before the step is scaled.',
      default: 0,
    }),
  },
  slots: adamSlots,
  layerwise: true,
  update(builder, { weights, gradient, slots, rate, step }, args) {
    const { change, slots: next } = adamChange(builder, gradient, slots, step, args);
    const decayed = args.weight_decay === 0 ? change : builder.add(change, builder.mul(weights, args.weight_decay));
    const trust = builder.mul(rate, ratio(builder, norm(builder, weights), norm(builder, decayed)));
    return { weights: builder.sub(weights, builder.mul(decayed, trust)), slots: next };
  },
  rows: (args) => ({ ...adam.rows({ ...args, l2: 0 }), kind: 'lamb', weightDecay: args.weight_decay }),
});

function norm(builder: Builder, of: Ref): Ref {
  return builder.sqrt(sumOfAll(builder, builder.square(of)));
}

/** Returns over ÷ under; 1 if either is 0. */
function ratio(builder: Builder, over: Ref, under: Ref): Ref {
  const isBoth = builder.cast(
    builder.greater(builder.mul(builder.minimum(over, 1), builder.minimum(under, 1)), 0),
    'float32',
  );
  const neither = builder.sub(1, isBoth);
  // Avoids a division by 0, whose infinity would make the product NaN.
  const quotient = builder.div(over, builder.add(under, neither));
  return builder.add(builder.mul(isBoth, quotient), neither);
}
