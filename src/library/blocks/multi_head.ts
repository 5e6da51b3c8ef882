/** Attention of elements to each other, in several heads. */
import type { Builder, Ref } from '../../graph/builder.ts';
import { elementsOf } from '../../graph/dims.ts';
import { type BlockContext, ShapeError } from '../contract.ts';
import type { Elements } from '../values.ts';
import { maskedSoftmax } from './attention.ts';
import { layer } from './layer.ts';

export interface MultiHeadOptions {
  readonly heads: number;
  /** An element sees those before it and itself, and none after. */
  readonly causal: boolean;
  /** Distinguishes the weights of several in one block. */
  readonly suffix?: string;
}

/**
 * softmax(Q Kᵀ / √(D/heads)) V for each head, then a linear layer: float32 [batch · count, width], by element. Places past the end
 * hold numbers that represent nothing. Throws ShapeError where the heads do not divide the width.
 */
export function multiHead(context: BlockContext, elements: Elements, options: MultiHeadOptions): Ref {
  const { builder } = context;
  const { tensor, mask, count, width } = elements;
  const { heads, causal, suffix = '' } = options;
  if (width % heads !== 0) {
    throw new ShapeError(`needs a width that divides by \`heads\`, but ${width} does not divide by ${heads}`);
  }
  const batch = tensor.type.shape[0]!;
  const each = width / heads;
  const rows = builder.reshape(tensor, [elementsOf([batch, count]), width]);
  // [batch · heads, count, each]
  const projected = (name: string): Ref => {
    const split = builder.reshape(layer(context, rows, width, width, 'linear', `_${name}${suffix}`), [
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
  const shown = mask && builder.reshape(mask, [batch, 1, 1, count]);
  const earlier = causal ? causalMask(builder, count) : undefined;
  const visible = earlier && shown ? builder.mul(earlier, shown) : (earlier ?? shown);
  const weights = maskedSoftmax(builder, scores, visible);
  const seen = builder.batchMatMul(builder.reshape(weights, products.type.shape), value);
  const joined = builder.transpose(builder.reshape(seen, [batch, heads, count, each]), [0, 2, 1, 3]);
  return layer(context, builder.reshape(joined, rows.type.shape), width, width, 'linear', `_output${suffix}`);
}

/** 1 where a column is not after its row: float32 [1, 1, count, count]. */
export function causalMask(builder: Builder, count: number): Ref {
  const numbers = Array.from({ length: count * count }, (_, at) => (at % count <= Math.floor(at / count) ? 1 : 0));
  return builder.constant(numbers, [1, 1, count, count]);
}
