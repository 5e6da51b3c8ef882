import { invariant } from '../../../base/diagnostics/diagnostic.ts';
import { ShapeError } from '../contract.ts';
import { flag, number } from '../parameters.ts';
import { lossKind } from '../rows.ts';
import { unitLength } from '../vector_ops.ts';
import { all } from './negatives.ts';
import { rowScore, weightedMean } from './weighted_mean.ts';
import { lowerWholeRows } from './whole_rows.ts';

export const mse = lossKind({
  doc: "Squared error of the score, in the label's own unit squared. A factor on the score sets its range: `cosine(user, item) * 5`. With `all` and `targets = users` it is the squared error of a user's whole row: 1 for each item that the user has, 0 for every other, added up over all items.",
  formula: ['loss = (s − y)²', 'loss_u = Σ_j (s_uj − diagonal · y_uj − y_uj)² with all, y_uj = [u has j]'],
  when: 'For a label that is a number, such as a rating. Use `huber` with outliers. With `all`, for linear autoencoders.',
  paper:
    'Koren et al., "Matrix factorization techniques for recommender systems", Computer 2009 (equation 2); all: Vančura et al., "Scalable linear shallow autoencoder for collaborative filtering", RecSys 2022 (equation 4)',
  example: 'mse',
  label: 'number',
  needsItemKey: false,
  argumentNeeds: (args) => (args.all ? { label: 'none', needsItemKey: true } : {}),
  parameters: {
    all,
    diagonal: number({
      min: 0,
      doc: 'With `all`: what an item of the list adds to its own score, which is taken off, so that no item explains itself. 1 where the query is the sum of unit vectors of items.',
      default: 0,
    }),
    unit: flag({
      doc: "With `all`: a user's scores and the row of its items are divided by their lengths first. The error is then 2 − 2 · their cosine, whose gradient does not grow with the corpus.",
    }),
  },
  lower(context, score, { all, diagonal, unit }) {
    const { builder, label, weight } = context;
    const { query, item } = score;
    if (all) {
      const { scores, has, mean } = lowerWholeRows(context, score);
      const others = diagonal === 0 ? scores : builder.sub(scores, builder.mul(has, diagonal));
      const error = unit
        ? builder.sub(unitLength(builder, others), unitLength(builder, has))
        : builder.sub(others, has);
      return mean(builder.square(error));
    }
    if (diagonal !== 0 || unit) throw new ShapeError('takes `diagonal` and `unit` with `all`');
    invariant(label, 'mse is given its label');
    return weightedMean(builder, builder.square(builder.sub(rowScore(builder, query, item), label)), weight);
  },
});
