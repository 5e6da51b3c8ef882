import { blockKind } from '../rows.ts';
import { needSequence } from '../values.ts';

export const positions = blockKind({
  doc: 'Adds a learned vector for each position to its element, counted from the oldest element of the sequence; 0 past the end. sequence[L × D] → the same.',
  formula: ['x_t + p_t, t from 0 at the oldest element'],
  when: 'Goes before `transformer` or `self_attention`, which see no order without it.',
  paper: 'Kang and McAuley, "Self-attentive sequential recommendation", ICDM 2018 (section III.A)',
  example: 'positions',
  reads: () => 'earlier',
  lower({ builder }, input) {
    const sequence = needSequence(input);
    const { tensor, mask, length, maxLength: most, width } = sequence;
    const allPlaces = builder.parameter('places', [most, width], { kind: 'uniform', limit: 0.02 });
    const positionRows = builder.slice(allPlaces, [0, 0], [length, width]);
    const maskColumn = builder.reshape(mask, [mask.type.shape[0]!, length, 1]);
    return { ...sequence, tensor: builder.mul(builder.add(tensor, positionRows), maskColumn) };
  },
});
