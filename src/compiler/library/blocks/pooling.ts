import type { Builder, Ref } from '../../../graph/builder.ts';
import { type BlockContext, type Sequence, ShapeError, type Value, type Vector } from '../contract.ts';
import { needOneWidth, printValue, vectorOf } from '../values.ts';

/** Elementwise pooling of several vectors. */
export type Pool = 'sum' | 'mean' | 'max';

/** Below every number that an embedding has, and finite: of nothing the largest is made 0. */
const lowest = 1e9;

/** Pools fields of one width, or what a sequence holds; of an empty one 0. Shared by the kinds of these names. */
export function pool({ builder }: BlockContext, input: Value, how: Pool): Vector {
  switch (input.kind) {
    case 'vector':
    case 'interests':
    case 'outputs':
      throw new ShapeError(`needs fields or a sequence, but gets ${printValue(input)}`);
    case 'fields': {
      const fieldWidth = needOneWidth(input);
      const join = (a: Ref, b: Ref): Ref => (how === 'max' ? builder.maximum(a, b) : builder.add(a, b));
      const pooled = input.fields.map((field) => field.tensor).reduce(join);
      const tensor = how === 'mean' ? builder.mul(pooled, 1 / input.fields.length) : pooled;
      return vectorOf(tensor, fieldWidth);
    }
    case 'sequence':
      return vectorOf(poolSequence(builder, input, how), input.width);
  }
}

/** float32 [batch, width]. Past the end of a sequence its tensor is zero already. */
function poolSequence(builder: Builder, { tensor, mask, length }: Sequence, how: Pool): Ref {
  if (how !== 'max') {
    const elementSum = builder.sum(tensor, [1]);
    return how === 'sum' ? elementSum : builder.div(elementSum, builder.maximum(builder.sum(mask, [1], true), 1));
  }
  const missing = builder.reshape(builder.sub(1, mask), [tensor.type.shape[0]!, length, 1]);
  const largest = builder.max(builder.sub(tensor, builder.mul(missing, lowest)), [1]);
  return builder.mul(largest, builder.max(mask, [1], true));
}
