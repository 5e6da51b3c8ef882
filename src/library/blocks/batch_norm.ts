import type { Builder, Ref } from '../../graph/builder.ts';
import { number } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needVector } from '../values.ts';

export const batch_norm = blockKind({
  doc: 'Each number to mean 0 and variance 1, then a learnt scale and offset: vector[N] → vector[N]. In training mean and variance are those of the batch; a served tower uses running ones, which follow the batches.',
  paper: 'Ioffe & Szegedy, "Batch normalization", ICML 2015',
  example: 'batch_norm',
  parameters: {
    decay: number({
      min: 0,
      below: 1,
      doc: 'Share of the running mean and variance that a step keeps; the rest comes from its batch.',
      default: 0.9,
    }),
    epsilon: number({ above: 0, doc: 'Added to the variance.', default: 1e-5 }),
  },
  lower({ builder, training, keep }, input, { decay, epsilon }) {
    const { tensor, width } = needVector(input);
    const runningMean = builder.parameter('running_mean', [width], { kind: 'zeros' }, { trainable: false });
    const runningVariance = builder.parameter('running_variance', [width], { kind: 'ones' }, { trainable: false });
    const gain = builder.parameter('gain', [width], { kind: 'ones' });
    const offset = builder.parameter('offset', [width], { kind: 'zeros' });
    const scaled = (mean: Ref, variance: Ref): Ref =>
      builder.mul(builder.sub(tensor, mean), builder.rsqrt(builder.add(variance, epsilon)));
    if (!training) {
      const normal = scaled(runningMean, runningVariance);
      return { kind: 'vector', tensor: builder.add(builder.mul(normal, gain), offset), width, normalized: false };
    }
    const mean = builder.mean(tensor, [0]);
    const variance = builder.mean(builder.square(builder.sub(tensor, mean)), [0]);
    const follow = (seen: Ref) => (current: Ref) =>
      builder.add(builder.mul(current, decay), builder.mul(builder.stopGradient(seen), 1 - decay));
    keep(runningMean, follow(mean));
    keep(runningVariance, follow(builder.mul(variance, unbiased(builder, tensor))));
    const normal = scaled(mean, variance);
    return { kind: 'vector', tensor: builder.add(builder.mul(normal, gain), offset), width, normalized: false };
  },
});

/** n ÷ (n − 1) of the batch: what is kept estimates the variance of all rows, not of these. A scalar. */
function unbiased(builder: Builder, like: Ref): Ref {
  const column = builder.slice(like, [0, 0], [-1, 1]);
  const rows = builder.sum(builder.broadcastTo(builder.constant(1), column), [0, 1]);
  return builder.div(rows, builder.maximum(builder.sub(rows, 1), 1));
}
