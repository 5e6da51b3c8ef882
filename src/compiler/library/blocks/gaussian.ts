import { integer, number } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needVector, vectorOf } from '../values.ts';
import { linear } from './layer.ts';

export const gaussian = blockKind({
  doc: 'A stochastic layer: vector[N] → vector[units]. In training it draws from a normal distribution whose mean and variance are layers of the input, and adds to the loss how far that distribution is from the standard one; a served tower gives the mean.',
  formula: [
    'μ = x · W_μ + b_μ, log σ² = x · W_σ + b_σ',
    'in training y = μ + σ ⊙ ε, ε normal; elsewhere y = μ',
    'loss + min(1, step / anneal) · kl · mean over rows of ½ Σ (μ² + σ² − 1 − log σ²)',
  ],
  when: 'For the code in the middle of a variational autoencoder, with `targets = users`. Raise `kl` where validation gets worse while the loss still falls.',
  paper: 'Liang et al., "Variational autoencoders for collaborative filtering", WWW 2018 (sections 2.2 and 2.2.2)',
  example: 'gaussian(16, kl: 0.2)',
  parameters: {
    units: integer({ min: 1, required: true, positional: true, doc: 'Width of its output.' }),
    kl: number({ min: 0, doc: 'β: how much the divergence counts.', default: 0.2 }),
    anneal: integer({
      min: 0,
      doc: 'Steps over which `kl` rises from 0. 0: it counts from the first step.',
      default: 0,
    }),
  },
  lower(context, input, { units, kl, anneal }) {
    const { builder } = context;
    const { tensor, width } = needVector(input);
    const mean = linear(context, tensor, width, units, '_mean');
    const logVariance = linear(context, tensor, width, units, '_variance', { kind: 'uniform', limit: 1e-3 });
    if (!context.training) return vectorOf(mean, units);
    const noise = context.input(context.fresh('noise'), { from: 'noise', width: units, normal: true }, mean.type.shape);
    const deviation = builder.exp(builder.mul(logVariance, 0.5));
    const excess = builder.sub(
      builder.add(builder.square(mean), builder.exp(logVariance)),
      builder.add(logVariance, 1),
    );
    const divergence = builder.mul(builder.sum(excess, [1]), kl / 2);
    const share =
      anneal === 0
        ? undefined
        : builder.minimum(builder.div(context.input('train/step', { from: 'step' }, []), anneal), 1);
    context.penalize(share === undefined ? divergence : builder.mul(divergence, share));
    return vectorOf(builder.add(mean, builder.mul(deviation, noise)), units);
  },
});
