import type { Ref } from '../../../graph/builder.ts';
import { type LossContext, ShapeError } from '../contract.ts';
import { number } from '../parameters.ts';
import { lossKind } from '../rows.ts';
import { unitLength } from '../vector_ops.ts';
import { weightedMean } from './weighted_mean.ts';

export const directau = lossKind({
  doc: "Alignment and uniformity: pulls a row's two vectors together, and pushes apart the batch's queries, and the batch's items. The vectors are taken at length 1, whatever the score. It needs no negatives.",
  formula: [
    'q, v of length 1; alignment = mean_i ‖q_i − v_i‖²',
    'uniformity(x) = log mean_i≠j e^(−spread ‖x_i − x_j‖²)',
    'loss = alignment + gamma · (uniformity(q) + uniformity(v)) / 2',
  ],
  when: 'For retrieval from ids alone where negatives cannot be chosen well; `gamma` decides, and needs to be tuned.',
  paper: 'Wang et al., "Towards representation alignment and uniformity in collaborative filtering", KDD 2022',
  also: ['direct_au', 'directau_loss', 'align_uniform'],
  near: ['alignment', 'uniformity'],
  example: 'directau(gamma: 1)',
  label: 'none',
  needsItemKey: false,
  normalizesVectors: true,
  parameters: {
    gamma: number({ min: 0, doc: 'γ: what uniformity counts, next to alignment.', default: 1 }),
    spread: number({ above: 0, doc: 'How fast the repulsion of two vectors falls with their distance.', default: 2 }),
  },
  lower(context, { query, item, hasExtraColumns: lifted }, { gamma, spread }) {
    const { builder, weight } = context;
    if (lifted) throw new ShapeError('takes the directions of vectors, and `distance` has none: score with `cosine`');
    const [q, v] = [unitLength(builder, query), unitLength(builder, item)];
    const alignment = weightedMean(builder, builder.sum(builder.square(builder.sub(q, v)), [1]), weight);
    if (gamma === 0) return alignment;
    const uniform = builder.add(uniformity(context, q, spread), uniformity(context, v, spread));
    return builder.add(alignment, builder.mul(uniform, gamma / 2));
  },
});

/** If the pairs' share of the squared sum of weights is at most this, it is only a rounding error: there are no pairs. */
const leastShare = 1e-6;

/** Returns the log of the mean over pairs of two rows, weighted by the product of their weights; 0 if there are no pairs. A scalar. */
function uniformity({ builder, weight }: LossContext, x: Ref, spread: number): Ref {
  const products = builder.matMul(x, x, { transposeB: true });
  const raised = builder.exp(builder.mul(builder.sub(products, 1), 2 * spread));
  const rowCount = x.type.shape[0]!;
  const ones = builder.broadcastTo(builder.constant(1), builder.reshape(builder.slice(x, [0, 0], [-1, 1]), [rowCount]));
  const counts = weight ?? ones;
  const column = builder.reshape(counts, [rowCount, 1]);
  const allPairs = builder.sum(builder.mul(builder.mul(raised, column), counts), [0, 1]);
  // A row with itself is not a pair. Its vector has length 1 or 0.
  const squares = builder.sum(builder.square(x), [1]);
  const itself = builder.exp(builder.mul(builder.sub(squares, 1), 2 * spread));
  const pairs = builder.sub(allPairs, builder.sum(builder.mul(builder.square(counts), itself), [0]));
  const squaredWeight = builder.square(builder.sum(counts, [0]));
  const pairWeight = builder.sub(squaredWeight, builder.sum(builder.square(counts), [0]));
  const smallestMass = 1e-12;
  const log = builder.log(builder.div(builder.maximum(pairs, smallestMass), builder.maximum(pairWeight, smallestMass)));
  return builder.select(builder.greater(pairWeight, builder.mul(squaredWeight, leastShare)), log, 0);
}
