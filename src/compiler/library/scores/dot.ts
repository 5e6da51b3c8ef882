import { scoreKind } from '../rows.ts';
import { pairs, scoreParameters } from './pairs.ts';

export const dot = scoreKind({
  doc: "The inner product of the two towers' vectors, any real number; one inner product per pair of channels, summed; of several interests the best.",
  formula: ['Σ_p q_p · v_p'],
  when: 'Where the length of a vector may carry popularity, or for `bce` and `mse`, which need an unbounded score.',
  paper: 'Yi et al., "Sampling-bias-corrected neural modeling", RecSys 2019 (section 3)',
  example: 'dot(user, item)',
  parameters: scoreParameters,
  lower: (context, channels, args) => pairs(context, channels, args, false),
});
