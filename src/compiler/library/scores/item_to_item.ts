import { fitMethods } from '../../../graph/plan/plan.ts';
import { choice, integer } from '../parameters.ts';
import { scoreKind } from '../rows.ts';

export const itemToItem = scoreKind({
  doc: 'The sum of weights from each earlier item of the query to the item that is scored. Towers have no channels: the query tower reads one list of keys of the item tower, in the order of time. The weights are fitted to the training part by a formula or by coordinate descent, so the task has no loss, and training has no steps. Settings of the fit and the decay are chosen on the validation part, as for the baseline of the same name.',
  formula: [
    'score(j) = Σ_i decay^age(i) B_ij, over the distinct items i of the list',
    'age: 0 for the latest item, 1 for the one before it',
    'B: the weights of the fit, of each item those with the largest size',
  ],
  when: 'For small catalogues where most items have many events: there a sparse matrix often ranks better than vectors. It knows nothing of items without training events.',
  paper:
    'Ning & Karypis, "SLIM: sparse linear methods for top-N recommender systems", ICDM 2011; Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019',
  example: 'item_to_item(user, item, fit: ease)',
  parameters: {
    fit: choice(fitMethods, { doc: 'How the weights are found: the baseline of this name.', default: 'slim' }),
    keep: integer({
      min: 1,
      max: 1000,
      doc: 'Weights that are kept for each item: the largest by absolute value. More cost memory and time of each query.',
      default: 100,
    }),
  },
});
