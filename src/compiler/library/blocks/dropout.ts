import type { Ref } from '../../../graph/builder.ts';
import { productOfDims } from '../../../graph/dims.ts';
import { type BlockContext, ShapeError, type Value } from '../contract.ts';
import { flag, number } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needVector, printValue } from '../values.ts';

export const dropout = blockKind({
  doc: 'Sets some numbers to 0 in training, and makes the others larger to keep the mean; in a served tower it does nothing. The shape stays. With `elements` it drops whole elements of a sequence.',
  formula: [
    'in training x ⊙ m / (1 − rate), m is 0 with probability rate, else 1',
    'm has one number for each element with elements',
    'elsewhere x',
  ],
  when: 'Against overfitting, between layers. `mlp` has it as an argument.',
  paper:
    'Srivastava et al., "Dropout", JMLR 2014; elements: Liang et al., "Variational autoencoders for collaborative filtering", WWW 2018 (section 2.3)',
  example: 'dropout(0.2)',
  numberwise: true,
  parameters: {
    rate: number({ min: 0, below: 1, positional: true, doc: 'Share of numbers that are dropped.', default: 0.5 }),
    elements: flag({ doc: 'Each element of a sequence is kept or dropped as a whole.' }),
  },
  lower(context, input, { rate, elements }) {
    if (elements) return dropElements(context, input, rate);
    if (!context.training || rate === 0) return input;
    switch (input.kind) {
      case 'outputs':
        return needVector(input);
      case 'vector':
        return { ...input, tensor: dropColumns(context, input.tensor, input.width, rate), normalized: false };
      case 'fields':
        return {
          kind: 'fields',
          fields: input.fields.map((field) => ({
            ...field,
            tensor: dropColumns(context, field.tensor, field.width, rate),
          })),
        };
      case 'interests':
      case 'sequence': {
        const vectorCount = input.kind === 'sequence' ? input.length : input.count;
        const tensor = dropNumbers(context, input.tensor, vectorCount * input.width, rate);
        return input.kind === 'sequence' ? { ...input, tensor } : { ...input, tensor, normalized: false };
      }
    }
  },
});

/** Throws ShapeError for a value that is no sequence. */
function dropElements(context: BlockContext, input: Value, rate: number): Value {
  if (input.kind !== 'sequence')
    throw new ShapeError(`needs a sequence for \`elements\`, but gets ${printValue(input)}`);
  if (!context.training || rate === 0) return input;
  const { tensor, length } = input;
  const { builder } = context;
  const [rows] = tensor.type.shape;
  const ones = builder.broadcastTo(builder.constant(1), input.mask);
  const factors = builder.reshape(dropColumns(context, ones, length, rate), [rows!, length, 1]);
  return { ...input, tensor: builder.mul(tensor, factors) };
}

/** Drops numbers of a tensor of any shape that holds `rowSize` numbers for each row of the batch. */
export function dropNumbers(context: BlockContext, x: Ref, rowSize: number, rate: number): Ref {
  if (!context.training || rate === 0) return x;
  const { builder } = context;
  const totalSize = productOfDims(x.type.shape);
  const batch =
    typeof totalSize === 'number' ? totalSize / rowSize : { ...totalSize, times: totalSize.times / rowSize };
  return builder.reshape(dropColumns(context, builder.reshape(x, [batch, rowSize]), rowSize, rate), x.type.shape);
}

/** Drops numbers at random and scales the others by 1 ÷ (1 − rate): float32 [batch, width] → the same. */
function dropColumns(context: BlockContext, x: Ref, width: number, rate: number): Ref {
  const { builder } = context;
  const noise = context.input(context.uniqueName('noise'), { from: 'noise', width }, x.type.shape);
  const isKept = builder.cast(builder.greaterEqual(noise, rate), 'float32');
  return builder.mul(x, builder.mul(isKept, 1 / (1 - rate)));
}
