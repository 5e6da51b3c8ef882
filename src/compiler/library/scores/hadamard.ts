import { scoreKind } from '../rows.ts';
import { pairs, scoreParameters } from './pairs.ts';

export const hadamard = scoreKind({
  doc: "The element-wise product of the two towers' vectors through a learned linear layer w over all pairs of channels; w begins at 1, as `dot`. w is folded into the query vector, so retrieval remains one inner product.",
  formula: ['Σ_p w_p · (q_p ⊙ v_p) = Σ_p (w_p ⊙ q_p) · v_p'],
  when: 'Where some dimensions should count more than others, at the price of one weight each.',
  paper: 'He et al., "Neural collaborative filtering", WWW 2017 (equation 9, generalized matrix factorization)',
  example: 'hadamard(user, item)',
  parameters: scoreParameters,
  lower(context, channels, args) {
    const { builder } = context;
    const score = pairs(context, channels, args, false);
    const weights = builder.parameter('weights', [score.width], { kind: 'ones' });
    return { ...score, query: builder.mul(score.query, weights), bound: Number.POSITIVE_INFINITY };
  },
});
