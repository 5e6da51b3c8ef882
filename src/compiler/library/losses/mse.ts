import { invariant } from '../../../base/diagnostics/failure.ts';
import { lossKind } from '../rows.ts';
import { rowScore, weightedMean } from './mean.ts';

export const mse = lossKind({
  doc: "Squared error of the score, in the label's own unit squared. A factor on the score sets its range: `cosine(user, item) * 5`.",
  formula: ['loss = (s − y)²'],
  when: 'For a label that is a number, such as a rating. Use `huber` with outliers.',
  paper: 'Koren et al., "Matrix factorization techniques for recommender systems", Computer 2009 (equation 2)',
  example: 'mse',
  label: 'number',
  needsItemKey: false,
  lower({ builder, label, weight }, { query, item }) {
    invariant(label, 'mse is given its label');
    return weightedMean(builder, builder.square(builder.sub(rowScore(builder, query, item), label)), weight);
  },
});
