import { integer } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needVector, vectorOf } from '../values.ts';

export const cross = blockKind({
  doc: 'The cross network of DCN, with one w and b of [N] a layer; layer l reaches products of l + 1 numbers. vector[N] → vector[N].',
  formula: ['x_l+1 = x_0 (x_l · w) + b + x_l'],
  when: 'For explicit products of features at the price of two vectors a layer. `cross_v2` is stronger.',
  paper: 'Wang et al., "Deep & Cross Network for ad click predictions", ADKDD 2017 (equation 3)',
  example: 'cross(layers: 3)',
  parameters: { layers: integer({ min: 1, max: 32, doc: 'How many.', default: 2 }) },
  lower({ builder }, input, { layers }) {
    const { tensor: first, width } = needVector(input);
    let x = first;
    for (let index = 0; index < layers; index++) {
      const weights = builder.parameter(`weights_${index}`, [width, 1], { kind: 'glorot', fans: [width, 1] });
      const bias = builder.parameter(`bias_${index}`, [width], { kind: 'zeros' });
      x = builder.add(builder.add(builder.mul(first, builder.matMul(x, weights)), bias), x);
    }
    return vectorOf(x, width);
  },
});
