import type { Ref } from '../../../graph/builder.ts';
import { scoreKind } from '../rows.ts';
import { pairs, scoreParameters } from './pairs.ts';

export const distance = scoreKind({
  doc: "Minus the squared distance of the two towers' vectors, at most 0 and 0 where they are equal; one per pair of channels, summed; of several interests the nearest. It is an inner product of vectors that have two more numbers each, so that whatever serves `dot` serves it.",
  formula: ['−Σ_p ‖q_p − v_p‖² = Σ_p [2 q_p, −‖q_p‖², −1] · [v_p, 1, ‖v_p‖²]'],
  when: 'Where items that one user likes should also lie next to each other, with `ball` at the end of both channels and a loss with a margin, such as `hinge`. With `bce` add a constant or a bias: σ of the score alone is at most ½.',
  paper: 'Hsieh et al., "Collaborative metric learning", WWW 2017 (section 3.1)',
  also: ['euclidean', 'euclidean_distance', 'l2_distance', 'squared_distance', 'euclid'],
  near: ['l2', 'metric', 'cml'],
  example: 'distance(user, item)',
  parameters: scoreParameters,
  lower(context, channels, args) {
    const { builder } = context;
    const { query, item, ...score } = pairs(context, channels, args, false);
    const squareOf = (x: Ref): Ref => builder.sum(builder.square(x), [x.type.shape.length - 1], true);
    const constant = (value: number, like: Ref): Ref => builder.broadcastTo(builder.constant(value), like);
    const [querySquare, itemSquare] = [squareOf(query), squareOf(item)];
    const lifted = [builder.mul(query, 2), builder.neg(querySquare), constant(-1, querySquare)];
    return {
      ...score,
      query: builder.concat(lifted, query.type.shape.length - 1),
      item: builder.concat([item, constant(1, itemSquare), itemSquare], 1),
      width: score.width + 2,
      bound: 4 * score.bound,
      hasExtraColumns: true,
    };
  },
});
