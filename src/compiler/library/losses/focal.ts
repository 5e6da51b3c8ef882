import { invariant } from '../../../base/diagnostics/failure.ts';
import { number } from '../parameters.ts';
import { lossKind } from '../rows.ts';
import { rowScore, weightedMean } from './weighted_mean.ts';

export const focal = lossKind({
  doc: 'Binary cross-entropy with less weight on examples that the model already gets right. Never a logarithm of 0.',
  formula: [
    'p = σ(scale · s) for y = 1, 1 − σ(scale · s) for y = 0',
    'a = alpha for y = 1, 1 − alpha for y = 0; 1 without alpha',
    'loss = −a · (1 − p)^gamma · log p',
  ],
  when: 'In place of `bce` where easy negatives are most of the data.',
  paper: 'Lin et al., "Focal loss for dense object detection", ICCV 2017 (equation 5)',
  example: 'focal(gamma: 2, scale: 10)',
  label: 'binary',
  needsItemKey: false,
  probability: ({ scale }) => scale,
  parameters: {
    gamma: number({ min: 0, doc: 'The exponent of the weight; 0 is binary cross-entropy.', default: 2 }),
    alpha: number({ above: 0, below: 1, doc: 'What a positive counts, and 1 − alpha a negative; not given: 1 each.' }),
    scale: number({ above: 0, doc: 'Multiplies the score before the sigmoid.', default: 1 }),
  },
  lower({ builder, label, weight }, { query, item }, { gamma, alpha, scale }) {
    invariant(label, 'focal is given its label');
    const ownScore = rowScore(builder, query, item);
    const logit = scale === 1 ? ownScore : builder.mul(ownScore, scale);
    // `wrong` is −logit for a positive and logit for a negative: 1 − pₜ = σ(wrong), −log pₜ = softplus(wrong), log(1 − pₜ) = −softplus(−wrong).
    const wrong = builder.mul(logit, builder.sub(1, builder.mul(label, 2)));
    const focus = builder.exp(builder.mul(builder.softplus(builder.neg(wrong)), -gamma));
    const loss = builder.mul(focus, builder.softplus(wrong));
    const share = alpha === undefined ? undefined : builder.add(builder.mul(label, 2 * alpha - 1), 1 - alpha);
    return weightedMean(builder, share === undefined ? loss : builder.mul(share, loss), weight);
  },
});
