import type { Ref } from '../../../graph/builder.ts';
import { type LossContext, ShapeError } from '../contract.ts';
import { choice, number } from '../parameters.ts';
import { lossKind } from '../rows.ts';
import { mask, sameQueryPairs } from './hits.ts';
import { correction } from './log_q.ts';
import { hidden } from './loss_columns.ts';
import { logSumOfNegatives, lowerNegatives } from './negative_columns.ts';
import { negativeArguments } from './negatives.ts';
import { rowScore, weightedMean } from './weighted_mean.ts';

export const bsl = lossKind({
  doc: "The bilateral softmax: log Σ exp over a row's negatives, less log mean exp over the positives of its query. The positives are those of the rows of the batch with the same query, each by its weight. It takes less from a positive that scores far below the query's others, as noise would. A negative that is the row's own item again has no part.",
  formula: [
    'n_i = log Σ_j e^(s_ij / temperature − log q_j) over the negatives j of row i',
    'p_i = log mean_k e^(s_kk / positive_temperature) over rows k of the query of row i',
    'loss_i = weight · n_i − (positive_temperature / temperature) · p_i',
  ],
  when: 'For retrieval from implicit feedback with some noise, with a cosine and about a thousand negatives. A `weight` above 1 pushes negatives further than `softmax` does; one far above it rewards low scores of all items.',
  paper:
    'Wu et al., "BSL: understanding and improving softmax loss for recommendation", ICDE 2024; its code has one temperature and `weight` as the exponent of the negative side',
  also: ['bilateral_softmax', 'bilateral_softmax_loss', 'bsl_loss'],
  example: 'bsl(negatives: sampled(512, shared), temperature: 0.1, weight: 1.1)',
  label: 'none',
  needsItemKey: true,
  parameters: {
    ...negativeArguments,
    temperature: number({ above: 0, doc: 'τ of the negatives: divides their scores.', default: 0.1 }),
    positive_temperature: number({
      above: 0,
      doc: 'τ of the positives: the smaller it is, the more the best positive of a query counts. Default: `temperature`.',
    }),
    weight: number({ above: 0, doc: 'What the side of the negatives counts, next to the positives.', default: 1 }),
    positives: choice(['query', 'row'], {
      doc: 'Whose positives share their part: those of a query in the batch, or each row has its own alone.',
      default: 'query',
    }),
    correction,
    mask,
  },
  lower(context, score, args) {
    const { builder, weight } = context;
    const { temperature, positive_temperature: positiveTemperature = temperature } = args;
    const negatives = logSumOfNegatives(context, lowerNegatives(context, score, args, 1 / temperature));
    const ownLogit = builder.mul(rowScore(builder, score.query, score.item), 1 / positiveTemperature);
    // Maximum distance of two positives of one query.
    const largestDifference = (2 * score.bound) / positiveTemperature;
    const positives = args.positives === 'row' ? ownLogit : logMeanOfQuery(context, ownLogit, largestDifference);
    const losses = builder.sub(
      builder.mul(negatives, args.weight),
      builder.mul(positives, positiveTemperature / temperature),
    );
    return weightedMean(builder, losses, weight);
  },
});

/** For a larger x the sum of a few e^x overflows float32. */
const largestExponent = 80;

/**
 * Returns the log of the weighted mean of e^own over the rows of the same query: float32 [batch] → the same. Throws ShapeError if the queries have no key.
 * @param apart maximum difference between two of these numbers
 */
function logMeanOfQuery(context: LossContext, own: Ref, apart: number): Ref {
  const { builder, queryKey, weight } = context;
  if (queryKey === undefined) {
    throw new ShapeError(
      'needs a key of the query tower (`keyed by`), to find the positives of one query, or `positives: row`',
    );
  }
  const rowCount = own.type.shape[0]!;
  const pairs = sameQueryPairs(context, queryKey);
  const [count] = pairs.type.shape;
  const [row, other] = [0, 1].map((at) => builder.reshape(builder.slice(pairs, [0, at], [-1, 1]), [count!]));
  const otherLogits = builder.gather(own, other!);
  const ones = builder.broadcastTo(builder.constant(1), otherLogits);
  const counts = weight === undefined ? ones : builder.gather(weight, other!);
  const base = apart <= largestExponent ? own : largestOfQuery();
  const difference = builder.sub(otherLogits, builder.gather(base, row!));
  const raised = builder.exp(builder.minimum(difference, largestExponent));
  const sum = builder.segmentSum(builder.mul(raised, counts), row!, rowCount);
  const queryCount = builder.segmentSum(counts, row!, rowCount);
  // A row of weight 0 may have no rows to average, but does not count anyway.
  const smallestMass = 1e-12;
  const mean = builder.div(builder.maximum(sum, smallestMass), builder.maximum(queryCount, smallestMass));
  return builder.add(base, builder.log(mean));

  /**
   * Returns the largest logit of the query's rows with weight, by which a sum of exponentials must be shifted if they are far apart. Otherwise the row's own
   * logit is enough, because it is one of them, so that no sum is 0. Without such rows it is the row's own.
   */
  function largestOfQuery(): Ref {
    const column = builder.reshape(own, [rowCount, 1]);
    const none = builder.broadcastTo(builder.constant(hidden), builder.sub(column, own));
    const countedLogits =
      weight === undefined ? otherLogits : builder.select(builder.greater(counts, 0), otherLogits, hidden);
    const largest = builder.max(builder.scatterUpdate(none, pairs, countedLogits), [1]);
    return builder.stopGradient(builder.select(builder.greater(largest, hidden / 2), largest, own));
  }
}
