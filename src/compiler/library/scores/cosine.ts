import { scoreKind } from '../rows.ts';
import { pairs, scoreParameters } from './pairs.ts';

export const cosine = scoreKind({
  doc: "The cosine of the two towers' vectors, in [−1, 1]; one cosine per pair of channels, summed; of several interests the best.",
  formula: ['Σ_p (q_p / ‖q_p‖) · (v_p / ‖v_p‖)'],
  when: 'For retrieval, with a temperature in the loss. Its size is bounded, so popular items do not win by length.',
  paper: 'Huang et al., "Learning deep structured semantic models", CIKM 2013 (equation 4)',
  example: 'cosine(user, item)',
  parameters: scoreParameters,
  lower: (context, channels, args) => pairs(context, channels, args, true),
});
