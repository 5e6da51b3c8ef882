import { type BlockContext, ShapeError, type Value, type Vector } from '../contract.ts';
import { integer } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { asVector, flattened, printValue, vectorOf } from '../values.ts';
import { layer, linear } from './layer.ts';
import { normalizeRows } from './layer_norm.ts';

export const mask = blockKind({
  doc: 'A block of MaskNet: the whole row makes a mask m, and the block gives a layer of the masked fields, each normalized by itself. fields or vector[N] → vector[units]. Written before an arrow, `mask(hidden, profile)`, h is the first value, such as the block before, and e the second.',
  formula: [
    'm = relu(e · W₁ + b₁) · W₂ + b₂, e the fields end to end',
    'y = relu(LN((m ⊙ h) · W + b)), h the fields, each normalized',
  ],
  when: 'For products of features that plain layers learn slowly. In parallel: `concat` of several over the same fields. In series: `mask(first, profile)`.',
  paper: 'Wang et al., "MaskNet", DLP-KDD 2021 (sections 3.2 to 3.4)',
  also: ['mask_block', 'maskblock', 'masknet'],
  near: ['masking', 'instance_guided_mask'],
  example: 'mask(units: 32)',
  parameters: {
    units: integer({ min: 1, doc: 'Width of the output.', default: 64 }),
    ratio: integer({ min: 1, doc: 'How many times as wide as h the hidden layer of the mask is.', default: 2 }),
  },
  lower(context, input, args) {
    return applyMask(context, normalizeFields(context, input), joinFields(context, input), args);
  },
  join(context, parts, args) {
    const [hidden, instance, ...others] = parts;
    if (!hidden || !instance || others.length > 0)
      throw new ShapeError('takes two values, what is masked and what the mask is made of: `mask(hidden, profile)`');
    const { value } = hidden;
    const maskedValue = value.kind === 'fields' ? normalizeFields(context, value) : joinFields(context, value);
    return applyMask(context, maskedValue, joinFields(context, instance.value), args);
  },
});

function applyMask(
  context: BlockContext,
  hidden: Vector,
  instance: Vector,
  { units, ratio }: { readonly units: number; readonly ratio: number },
): Vector {
  const { builder } = context;
  const hiddenWidth = ratio * hidden.width;
  const aggregated = layer(context, instance.tensor, instance.width, hiddenWidth, 'relu', '_aggregate');
  const weights = linear(context, aggregated, hiddenWidth, hidden.width, '_project');
  const summed = linear(context, builder.mul(weights, hidden.tensor), hidden.width, units);
  const tensor = builder.relu(normalizeRows(builder, summed, units));
  return vectorOf(tensor, units);
}

/** Returns the concatenated fields, or a vector unchanged. */
function joinFields({ builder }: BlockContext, value: Value): Vector {
  const vector = asVector(value);
  if (vector) return vector;
  if (value.kind !== 'fields') throw new ShapeError(`needs fields or a vector, but gets ${printValue(value)}`);
  return flattened(builder, value.fields);
}

/** Normalizes each field separately and concatenates them. */
function normalizeFields(context: BlockContext, value: Value): Vector {
  if (value.kind !== 'fields') {
    const vector = joinFields(context, value);
    return vectorOf(normalizeRows(context.builder, vector.tensor, vector.width, 1e-5, '_embedding'), vector.width);
  }
  const fields = value.fields.map((field, index) => ({
    ...field,
    tensor: normalizeRows(context.builder, field.tensor, field.width, 1e-5, `_embedding_${index}`),
  }));
  return flattened(context.builder, fields);
}
