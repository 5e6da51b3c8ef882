import { blockKind } from '../rows.ts';
import { needSequence, vectorOf } from '../values.ts';

export const last = blockKind({
  doc: 'The newest element of a sequence; an empty sequence gives 0. sequence[L × D] → vector[D].',
  formula: ['x_l, l the number of elements'],
  when: 'Reads the state of a causal `transformer` or of `gru(states: all)` after everything that the user did.',
  paper: 'Kang and McAuley, "Self-attentive sequential recommendation", ICDM 2018 (section III.D)',
  example: 'last',
  reads: () => 'all',
  lower({ builder, selectNewest }, input) {
    const { tensor, mask, length, width } = needSequence(input);
    if (selectNewest) return vectorOf(selectNewest(tensor), width);
    const batch = tensor.type.shape[0]!;
    // Elements come first, so the newest is the one before the padding.
    const firstMask = builder.slice(mask, [0, 0], [-1, 1]);
    const laterMasks = length === 1 ? [] : [builder.slice(mask, [0, 1], [-1, length - 1])];
    const isNewest = builder.sub(mask, builder.concat([...laterMasks, builder.mul(firstMask, 0)], 1));
    const newest = builder.batchMatMul(builder.reshape(isNewest, [batch, 1, length]), tensor);
    return vectorOf(builder.reshape(newest, [batch, width]), width);
  },
});
