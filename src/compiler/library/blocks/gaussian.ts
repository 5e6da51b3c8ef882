import type { Builder, Ref } from '../../../graph/builder.ts';
import type { BlockContext } from '../contract.ts';
import { integer, number, numberOr } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needVector, vectorOf } from '../values.ts';
import { linear } from './layer.ts';

const klKinds = {
  per_item: {
    doc: 'β of a row is γ times the number of items of its user, because the likelihood is a sum over these items. Needs `targets = users`.',
    paper: 'Shenbin et al., "RecVAE", WSDM 2020',
    example: 'per_item(0.005)',
    parameters: { gamma: number({ min: 0, required: true, positional: true, doc: 'γ: β for each item.' }) },
  },
} as const;

export const gaussian = blockKind({
  doc: 'A stochastic layer: vector[N] → vector[units]. In training it draws from a normal distribution whose mean and variance are layers of the input, and adds to the loss how far that distribution is from the standard normal one; a served tower gives the mean.',
  formula: [
    'μ = x · W_μ + b_μ, log σ² = x · W_σ + b_σ',
    'in training y = μ + σ ⊙ ε, ε normal; elsewhere y = μ',
    'loss + min(1, step / anneal) · mean over rows of β · D',
    'β = kl, or γ · (number of items of the user) with per_item(γ)',
    'D = ½ Σ (μ² + σ² − 1 − log σ²)',
  ],
  when: 'For the code in the middle of a variational autoencoder, with `targets = users`. Raise `kl` where validation gets worse while the loss still falls.',
  paper:
    'Liang et al., "Variational autoencoders for collaborative filtering", WWW 2018 (sections 2.2 and 2.2.2); per_item: Shenbin et al., "RecVAE", WSDM 2020',
  example: 'gaussian(16, kl: 0.2)',
  parameters: {
    units: integer({ min: 1, required: true, positional: true, doc: 'Width of its output.' }),
    kl: numberOr(klKinds, { min: 0, doc: 'β: how much the divergence counts.', default: 0.2 }),
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
    const noise = context.input(
      context.uniqueName('noise'),
      { from: 'noise', width: units, normal: true },
      mean.type.shape,
    );
    const drawn = builder.add(mean, builder.mul(builder.exp(builder.mul(logVariance, 0.5)), noise));
    context.penalize(weightDivergence(context, standardDivergence(builder, mean, logVariance), kl, anneal));
    return vectorOf(drawn, units);
  },
});

/** Returns the divergence of each row from the standard normal distribution: float32 [rows]. */
function standardDivergence(builder: Builder, mean: Ref, logVariance: Ref): Ref {
  const excess = builder.sub(builder.add(builder.square(mean), builder.exp(logVariance)), builder.add(logVariance, 1));
  return builder.mul(builder.sum(excess, [1]), 0.5);
}

/** A fixed β, or `per_item(gamma)`. */
type KlWeight = number | { readonly arguments: { readonly gamma: number } };

/** Multiplies the divergence of each row by its weight: float32 [rows]. */
function weightDivergence(context: BlockContext, divergence: Ref, kl: KlWeight, anneal: number): Ref {
  const { builder } = context;
  const weightedDivergence =
    typeof kl === 'number'
      ? builder.mul(divergence, kl)
      : builder.mul(builder.mul(divergence, context.itemCounts(divergence)), kl.arguments.gamma);
  if (anneal === 0) return weightedDivergence;
  const step = context.input('train/step', { from: 'step' }, []);
  return builder.mul(weightedDivergence, builder.minimum(builder.div(step, anneal), 1));
}
