import { number } from '../parameters.ts';
import { formulaLoss } from './formula_loss.ts';
import { pairwiseArguments } from './pairwise.ts';

export const bpr = formulaLoss('bpr', {
  doc: "Ranks the row's item above others, by the logistic loss of their difference, averaged over the row's negatives: the batch's items, some drawn for it, or both. A negative that is the row's own item again has no part.",
  when: 'For implicit feedback with a few sampled negatives; `softmax` learns more from many.',
  paper: 'Rendle et al., "BPR: Bayesian personalized ranking from implicit feedback", UAI 2009 (section 4)',
  example: 'bpr(negatives: sampled(4), scale: 10)',
  label: 'none',
  needsItemKey: true,
  relative: true,
  parameters: {
    ...pairwiseArguments,
    scale: number({ above: 0, doc: 'Multiplies the difference; a cosine needs about 10. Default 1.' }),
    margin: number({ min: 0, doc: 'How much better the own item must score before the loss turns flat.', default: 0 }),
  },
});
