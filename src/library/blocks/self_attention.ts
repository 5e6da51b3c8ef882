import type { Ref } from '../../graph/builder.ts';
import { elementsOf } from '../../graph/dims.ts';
import { ShapeError } from '../contract.ts';
import { integer } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needElements } from '../values.ts';
import { maskedSoftmax } from './attention.ts';
import { layer } from './layer.ts';

export const self_attention = blockKind({
  doc: 'Multi-head attention of a sequence, or of fields of one width, to itself: softmax(Q Kᵀ / √(D/heads)) V for each head, then a linear layer; the shape stays. No sum and no norm: write `residual(self_attention(heads: 2)) -> layer_norm`.',
  paper:
    'Vaswani et al., "Attention is all you need", NeurIPS 2017 (section 3.2); over fields: Song et al., "AutoInt", CIKM 2019',
  example: 'self_attention(heads: 2)',
  parameters: {
    heads: integer({ min: 1, doc: 'How many; the width divides by it.', default: 1 }),
  },
  lower(context, input, { heads }) {
    const { builder } = context;
    const { tensor, mask, count, width } = needElements(builder, input);
    if (width % heads !== 0) {
      throw new ShapeError(`needs a width that divides by \`heads\`, but ${width} does not divide by ${heads}`);
    }
    const batch = tensor.type.shape[0]!;
    const each = width / heads;
    const rows = builder.reshape(tensor, [elementsOf([batch, count]), width]);
    // [batch · heads, count, each]
    const projected = (name: string): Ref => {
      const split = builder.reshape(layer(context, rows, width, width, 'linear', `_${name}`), [
        batch,
        count,
        heads,
        each,
      ]);
      return builder.reshape(builder.transpose(split, [0, 2, 1, 3]), [elementsOf([batch, heads]), count, each]);
    };
    const [query, key, value] = [projected('query'), projected('key'), projected('value')];
    const products = builder.mul(builder.batchMatMul(query, key, { transposeB: true }), 1 / Math.sqrt(each));
    const scores = builder.reshape(products, [batch, heads, count, count]);
    const weights = maskedSoftmax(builder, scores, mask && builder.reshape(mask, [batch, 1, 1, count]));
    const seen = builder.batchMatMul(builder.reshape(weights, products.type.shape), value);
    const joined = builder.transpose(builder.reshape(seen, [batch, heads, count, each]), [0, 2, 1, 3]);
    const mixed = layer(context, builder.reshape(joined, rows.type.shape), width, width, 'linear', '_output');
    const shaped = builder.reshape(mixed, [batch, count, width]);
    if (input.kind === 'sequence') {
      return { ...input, tensor: builder.mul(shaped, builder.reshape(input.mask, [batch, count, 1])) };
    }
    const fields = input.kind === 'fields' ? input.fields : [];
    return {
      kind: 'fields',
      fields: fields.map((field, at) => ({
        ...field,
        tensor: builder.reshape(builder.slice(shaped, [0, at, 0], [-1, 1, -1]), [batch, width]),
      })),
    };
  },
});
