import type { Ref } from '../../graph/builder.ts';
import { type BlockContext, ShapeError, type Value, type Vector } from '../contract.ts';
import { needOneWidth, printValue } from '../values.ts';

/** Adds up fields of one width, or what a sequence holds; `mean` then divides by how many there are. Shared by both kinds. */
export function pool({ builder }: BlockContext, input: Value, mean: boolean): Vector {
  switch (input.kind) {
    case 'vector':
    case 'interests':
    case 'outputs':
      throw new ShapeError(`needs fields or a sequence, but gets ${printValue(input)}`);
    case 'fields': {
      const width = needOneWidth(input);
      const total = input.fields.map((field) => field.tensor).reduce((sum: Ref, next) => builder.add(sum, next));
      const tensor = mean ? builder.mul(total, 1 / input.fields.length) : total;
      return { kind: 'vector', tensor, width, normalized: false };
    }
    case 'sequence': {
      // Past the end of a bag the tensor is zero already.
      const total = builder.sum(input.tensor, [1]);
      if (!mean) return { kind: 'vector', tensor: total, width: input.width, normalized: false };
      const count = builder.maximum(builder.sum(input.mask, [1], true), 1);
      return { kind: 'vector', tensor: builder.div(total, count), width: input.width, normalized: false };
    }
  }
}
