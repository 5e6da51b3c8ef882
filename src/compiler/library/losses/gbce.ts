import { ShapeError } from '../contract.ts';
import { number } from '../parameters.ts';
import { lossKind } from '../rows.ts';
import { mask } from './hits.ts';
import { requiredNegatives } from './negatives.ts';
import { drawnEntropy, drawPool } from './pairwise.ts';

export const gbce = lossKind({
  doc: "Binary cross-entropy of the row's item against items that are drawn, with the probability of the positive to the power β ≤ 1. β follows from the share of the items that are drawn, and takes back the overconfidence that few negatives bring. A negative that is the row's own item again has no part.",
  formula: [
    'x = scale · s, a = n / (items − 1)',
    'β = 1 + calibration · (a − 1)',
    'loss_i = mean over the own item and the negatives j of β · softplus(−x_ii), softplus(x_ij)',
  ],
  when: 'In place of `bce(negatives: …)`, where σ(score) should be a probability; with a calibration of 1 it ranks as a softmax over all items would.',
  paper:
    'Petrov & Macdonald, "gSASRec: reducing overconfidence in sequential recommendation trained with negative sampling", RecSys 2023',
  also: ['generalised_bce', 'generalized_bce', 'gbce_loss', 'generalised_binary_cross_entropy'],
  near: ['gsasrec'],
  example: 'gbce(negatives: sampled(64), calibration: 0.75, scale: 10)',
  label: 'none',
  needsItemKey: true,
  parameters: {
    negatives: requiredNegatives,
    calibration: number({
      min: 0,
      max: 1,
      doc: 't: 0 is binary cross-entropy, 1 takes the whole overconfidence back.',
      default: 0.75,
    }),
    scale: number({ above: 0, doc: 'Multiplies the score before the sigmoid.', default: 1 }),
    mask,
  },
  lower(context, score, { negatives, calibration, scale, mask }) {
    const { builder } = context;
    if (negatives.kind !== 'sampled') throw new ShapeError('needs negatives that are drawn, such as `sampled(64)`');
    const { by, n } = negatives.arguments;
    if (by === 'frequency') throw new ShapeError('needs negatives that are drawn alike, `by: uniform` or `by: corpus`');
    const options = { negatives, mask, scale };
    if (calibration === 0) return drawnEntropy(context, score, options);
    const otherItems = builder.maximum(builder.sub(drawPool(context, negatives), 1), 1);
    const share = builder.minimum(builder.div(n, otherItems), 1);
    const exponent = builder.add(builder.mul(share, calibration), 1 - calibration);
    return drawnEntropy(context, score, { ...options, exponent });
  },
});
