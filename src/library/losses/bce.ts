import { invariant } from '../../diagnostics/failure.ts';
import { number } from '../parameters.ts';
import { lossKind } from '../rows.ts';
import { rowScore, weightedMean } from './mean.ts';
import { smoothing } from './smoothing.ts';

export const bce = lossKind({
  doc: 'Binary cross-entropy of σ(scale · score) and a label of 0 or 1, never a logarithm of 0. A cosine needs a scale, or the probability stays within [0.27, 0.73].',
  formula: ['x = scale · s, t = (1 − smoothing) y + smoothing / 2', 'loss = softplus(x) − t · x'],
  when: 'For clicks and likes with real negatives in the data. For retrieval alone use `softmax`.',
  paper:
    'Covington et al., "Deep neural networks for YouTube recommendations", RecSys 2016 (section 4.2, logistic loss)',
  example: 'bce(scale: 10)',
  label: 'binary',
  needsItemKey: false,
  parameters: {
    scale: number({ above: 0, doc: 'Multiplies the score before the sigmoid.', default: 1 }),
    smoothing,
  },
  lower({ builder, label, weight }, { query, item }, { scale, smoothing }) {
    invariant(label, 'bce is given its label');
    const own = rowScore(builder, query, item);
    const logit = scale === 1 ? own : builder.mul(own, scale);
    const target = smoothing === 0 ? label : builder.add(builder.mul(label, 1 - smoothing), smoothing / 2);
    return weightedMean(builder, builder.sub(builder.softplus(logit), builder.mul(target, logit)), weight);
  },
});
