import { integer } from '../parameters.ts';
import { formulaBlock } from '../rows.ts';

export const cross = formulaBlock('cross', {
  doc: 'The cross network of DCN, with one w and b of [N] a layer; layer l reaches products of l + 1 numbers. vector[N] → vector[N].',
  when: 'For explicit products of features at the price of two vectors a layer. `cross_v2` is stronger.',
  paper: 'Wang et al., "Deep & Cross Network for ad click predictions", ADKDD 2017 (equation 3)',
  example: 'cross(layers: 3)',
  parameters: { layers: integer({ min: 1, max: 32, doc: 'How many.', default: 2 }) },
});
