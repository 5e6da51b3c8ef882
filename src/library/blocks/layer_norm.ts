import { number } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { eachVector } from '../values.ts';

export const layer_norm = blockKind({
  doc: 'Each row to mean 0 and variance 1 over its width, then a learnt scale and offset for each number: vector[N] → vector[N]; the same for each interest, and for each element of a sequence.',
  paper: 'Ba et al., "Layer normalization", 2016',
  example: 'layer_norm',
  parameters: {
    epsilon: number({ above: 0, doc: 'Added to the variance.', default: 1e-5 }),
  },
  lower({ builder }, input, { epsilon }) {
    return eachVector(builder, input, (rows, width) => {
      const centred = builder.sub(rows, builder.mean(rows, [1], true));
      const variance = builder.mean(builder.square(centred), [1], true);
      const scaled = builder.mul(centred, builder.rsqrt(builder.add(variance, epsilon)));
      const gain = builder.parameter('gain', [width], { kind: 'ones' });
      const offset = builder.parameter('offset', [width], { kind: 'zeros' });
      return { tensor: builder.add(builder.mul(scaled, gain), offset), width };
    });
  },
});
