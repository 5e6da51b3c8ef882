import type { Builder, Ref } from '../../../graph/builder.ts';
import type { BlockContext } from '../contract.ts';
import { choice, integer, number, numberOr } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { endToEnd, needVector, vectorOf } from '../values.ts';
import { linear } from './layer.ts';

const weightPerItem = {
  per_item: {
    doc: 'β of a row is γ times the number of items of its user, because the likelihood is a sum over these items. Needs `targets = users`.',
    paper: 'Shenbin et al., "RecVAE", WSDM 2020',
    example: 'per_item(0.005)',
    parameters: {
      gamma: number({ min: 0, required: true, positional: true, doc: 'γ: β for each item.' }),
    },
  },
} as const;

/** Weights of the parts of the composite prior: the standard normal distribution, that of the epoch before, and one that is nearly flat. */
const [ofStandard, ofEarlier, ofFlat] = [3 / 20, 3 / 4, 1 / 10];
/** log σ² of the nearly flat part. */
const flatLogVariance = 10;

export const gaussian = blockKind({
  doc: 'A stochastic layer: vector[N] → vector[units]. In training it draws from a normal distribution whose mean and variance are layers of the input, and adds to the loss how far that distribution is from a prior; a served tower gives the mean.',
  formula: [
    'μ = x · W_μ + b_μ, log σ² = x · W_σ + b_σ',
    'in training y = μ + σ ⊙ ε, ε normal; elsewhere y = μ',
    'loss + min(1, step / anneal) · mean over rows of β · D',
    'β = kl, or γ · (number of items of the user) with per_item(γ)',
    'D = ½ Σ (μ² + σ² − 1 − log σ²) with prior standard',
    'D = Σ log N(y; μ, σ²) − log p(y) with composite',
    'p(y) = 0.15 · N(y; 0, 1) + 0.75 · N(y; μ′, σ′²) + 0.1 · N(y; 0, e¹⁰)',
    'μ′ and σ′ are those of the user when the epoch began, without dropout',
  ],
  when: 'For the code in the middle of a variational autoencoder, with `targets = users`. Raise `kl` where validation gets worse while the loss still falls.',
  paper:
    'Liang et al., "Variational autoencoders for collaborative filtering", WWW 2018 (sections 2.2 and 2.2.2); composite, per_item: Shenbin et al., "RecVAE", WSDM 2020',
  example: 'gaussian(16, kl: 0.2)',
  parameters: {
    units: integer({ min: 1, required: true, positional: true, doc: 'Width of its output.' }),
    kl: numberOr(weightPerItem, { min: 0, doc: 'β: how much the divergence counts.', default: 0.2 }),
    anneal: integer({
      min: 0,
      doc: 'Steps over which `kl` rises from 0. 0: it counts from the first step.',
      default: 0,
    }),
    prior: choice(['standard', 'composite'], {
      doc: 'What the distribution is compared with: the standard normal one; or a mixture with that of the same user when the epoch began, which keeps users from moving too far at once. `composite` needs `targets = users`.',
      default: 'standard',
    }),
  },
  lower(context, input, { units, kl, anneal, prior }) {
    const { builder } = context;
    const { tensor, width } = needVector(input);
    const mean = linear(context, tensor, width, units, '_mean');
    const logVariance = linear(context, tensor, width, units, '_variance', { kind: 'uniform', limit: 1e-3 });
    const earlier = prior === 'composite' ? context.earlier(endToEnd(builder, [mean, logVariance])) : undefined;
    if (!context.training) return vectorOf(mean, units);
    const noise = context.input(context.fresh('noise'), { from: 'noise', width: units, normal: true }, mean.type.shape);
    const drawn = builder.add(mean, builder.mul(builder.exp(builder.mul(logVariance, 0.5)), noise));
    const divergence = earlier
      ? fromMixture(builder, { drawn, logVariance, noise, earlier, units })
      : fromStandard(builder, mean, logVariance);
    context.penalize(weighted(context, divergence, kl, anneal));
    return vectorOf(drawn, units);
  },
});

/** Returns the divergence of each row from the standard normal distribution: float32 [rows]. */
function fromStandard(builder: Builder, mean: Ref, logVariance: Ref): Ref {
  const excess = builder.sub(builder.add(builder.square(mean), builder.exp(logVariance)), builder.add(logVariance, 1));
  return builder.mul(builder.sum(excess, [1]), 0.5);
}

interface Drawn {
  readonly drawn: Ref;
  readonly logVariance: Ref;
  readonly noise: Ref;
  /** Means, then log variances: float32 [rows, 2 · units]. */
  readonly earlier: Ref;
  readonly units: number;
}

/** Estimates the divergence of each row from the composite prior by what was drawn: float32 [rows]. Both logs lack ½ log 2π. */
function fromMixture(builder: Builder, { drawn, logVariance, noise, earlier, units }: Drawn): Ref {
  const ownLog = builder.mul(builder.add(logVariance, builder.square(noise)), -0.5);
  return builder.sum(builder.sub(ownLog, logOfMixture(builder, drawn, earlier, units)), [1]);
}

/** Returns log (Σ weight · N(y)) + ½ log 2π for each number: float32 [rows, units]. */
function logOfMixture(builder: Builder, y: Ref, earlier: Ref, units: number): Ref {
  const earlierMean = builder.slice(earlier, [0, 0], [-1, units]);
  const earlierLogVariance = builder.slice(earlier, [0, units], [-1, units]);
  const away = builder.mul(builder.square(builder.sub(y, earlierMean)), builder.exp(builder.neg(earlierLogVariance)));
  const square = builder.square(y);
  const logs = [
    builder.add(builder.mul(square, -0.5), Math.log(ofStandard)),
    builder.add(builder.mul(builder.add(earlierLogVariance, away), -0.5), Math.log(ofEarlier)),
    builder.add(builder.mul(square, -0.5 * Math.exp(-flatLogVariance)), Math.log(ofFlat) - flatLogVariance / 2),
  ];
  const most = logs.reduce((a, b) => builder.maximum(a, b));
  const sum = logs.map((each) => builder.exp(builder.sub(each, most))).reduce((a, b) => builder.add(a, b));
  return builder.add(most, builder.log(sum));
}

type KlWeight = number | { readonly arguments: { readonly gamma: number } };

/** Multiplies the divergence of each row by its weight: float32 [rows]. */
function weighted(context: BlockContext, divergence: Ref, kl: KlWeight, anneal: number): Ref {
  const { builder } = context;
  const own =
    typeof kl === 'number'
      ? builder.mul(divergence, kl)
      : builder.mul(builder.mul(divergence, context.itemCounts(divergence)), kl.arguments.gamma);
  if (anneal === 0) return own;
  const step = context.input('train/step', { from: 'step' }, []);
  return builder.mul(own, builder.minimum(builder.div(step, anneal), 1));
}
