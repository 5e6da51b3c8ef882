import type { Builder, Ref } from '../../../graph/builder.ts';
import { type BlockContext, type Sequence, ShapeError, type Value, type Vector } from '../contract.ts';
import { needOneWidth, printValue, vectorOf } from '../values.ts';

/** Pools several vectors element by element. */
export type Pool = 'sum' | 'mean' | 'max';

/** Subtracted from missing elements: larger than any embedding, but finite, so that the maximum of an empty sequence can be set to 0. */
const missingPenalty = 1e9;

/**
 * Pools fields of one width, or the elements of a sequence; an empty one yields 0. The blocks `sum`, `mean` and `max` share it.
 * @param power the exponent of the number of elements, by which a mean divides
 */
export function pool({ builder }: BlockContext, input: Value, method: Pool, power = 1): Vector {
  switch (input.kind) {
    case 'vector':
    case 'interests':
    case 'outputs':
      throw new ShapeError(`needs fields or a sequence, but gets ${printValue(input)}`);
    case 'fields': {
      const fieldWidth = needOneWidth(input);
      const combine = (a: Ref, b: Ref): Ref => (method === 'max' ? builder.maximum(a, b) : builder.add(a, b));
      const pooled = input.fields.map((field) => field.tensor).reduce(combine);
      const tensor = method === 'mean' ? builder.mul(pooled, 1 / input.fields.length ** power) : pooled;
      return vectorOf(tensor, fieldWidth);
    }
    case 'sequence':
      return vectorOf(poolSequence(builder, input, method, power), input.width);
  }
}

/** Pools a sequence, whose tensor is already zero after its end: float32 [batch, width]. */
function poolSequence(builder: Builder, { tensor, mask, length }: Sequence, method: Pool, power: number): Ref {
  if (method !== 'max') {
    const elementSum = builder.sum(tensor, [1]);
    if (method === 'sum' || power === 0) return elementSum;
    const count = builder.maximum(builder.sum(mask, [1], true), 1);
    return builder.div(elementSum, power === 1 ? count : builder.exp(builder.mul(builder.log(count), power)));
  }
  const isMissing = builder.reshape(builder.sub(1, mask), [tensor.type.shape[0]!, length, 1]);
  const largest = builder.max(builder.sub(tensor, builder.mul(isMissing, missingPenalty)), [1]);
  return builder.mul(largest, builder.max(mask, [1], true));
}
