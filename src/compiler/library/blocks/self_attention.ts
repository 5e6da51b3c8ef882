import { flag, integer } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needElements } from '../values.ts';
import { multiHeadAttention } from './multi_head.ts';

export const self_attention = blockKind({
  doc: 'Multi-head attention of a sequence, or of fields of one width, to itself, then a linear layer over all heads; the shape stays. No sum and no norm: write `history -> residual(self_attention(heads: 2)) -> layer_norm`, and `flatten` before the norm of fields.',
  formula: [
    'Q, K, V = X · W + b, each with its own W and b',
    'softmax(Q Kᵀ / √(D / heads)) V for each head; [head_1, …] · W + b',
  ],
  when: 'Where elements should see each other, inside `residual`.',
  paper:
    'Vaswani et al., "Attention is all you need", NeurIPS 2017 (section 3.2); over fields: Song et al., "AutoInt", CIKM 2019',
  example: 'self_attention(heads: 2)',
  parameters: {
    heads: integer({ min: 1, doc: 'How many; the width divides by it.', default: 1 }),
    causal: flag({ doc: 'An element sees itself and those before it, and none after.' }),
  },
  reads: ({ causal }) => (causal ? 'earlier' : 'set'),
  lower(context, input, { heads, causal }) {
    const { builder } = context;
    const elements = needElements(builder, input);
    const { count, width } = elements;
    const batch = elements.tensor.type.shape[0]!;
    const shaped = builder.reshape(multiHeadAttention(context, elements, { heads, causal }), [batch, count, width]);
    if (input.kind === 'sequence') {
      return { ...input, tensor: builder.mul(shaped, builder.reshape(input.mask, [batch, count, 1])) };
    }
    const fields = input.kind === 'fields' ? input.fields : [];
    return {
      kind: 'fields',
      fields: fields.map((field, index) => ({
        ...field,
        tensor: builder.reshape(builder.slice(shaped, [0, index, 0], [-1, 1, -1]), [batch, width]),
      })),
    };
  },
});
