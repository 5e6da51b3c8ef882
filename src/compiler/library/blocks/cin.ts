import type { Ref } from '../../../graph/builder.ts';
import { productOfDims } from '../../../graph/dims.ts';
import { activate, activations } from '../activations.ts';
import { choice, integer, rest } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { endToEnd, needFields, needOneWidth, stacked, vectorOf } from '../values.ts';

export const cin = blockKind({
  doc: 'Compressed interaction network: layer k has Hₖ rows of width D, made of products of the rows before and the fields; every row is summed over D. fields[F × D] → vector[Σ Hₖ].',
  formula: [
    'x⁰_j = field j',
    'xᵏ_h = activation(Σ_i Σ_j Wᵏ_hij xᵏ⁻¹_i ⊙ x⁰_j)',
    'y = the sum of each xᵏ_h over its D numbers, layers end to end',
  ],
  when: 'For products of three fields and more, by field. It is the most expensive of the crosses.',
  paper: 'Lian et al., "xDeepFM", KDD 2018 (equations 6 to 8)',
  example: 'cin(4, 3)',
  parameters: {
    units: rest(integer({ min: 1, required: true, doc: 'Rows of each layer, first to last.' })),
    activation: choice(activations, { doc: 'Follows every layer; the paper found none best.', default: 'linear' }),
  },
  lower(context, input, { units, activation }) {
    const { builder } = context;
    const inputFields = needFields(input);
    const fieldWidth = needOneWidth(inputFields);
    const fields = inputFields.fields.length;
    // [batch, width, fields]: the multiplied axis is the last one, so that each layer is a single product.
    const fieldColumns = builder.transpose(stacked(builder, inputFields, fieldWidth), [0, 2, 1]);
    const batch = fieldColumns.type.shape[0]!;
    const rowCount = productOfDims([batch, fieldWidth]);
    const inputColumns = builder.reshape(fieldColumns, [rowCount, 1, fields]);
    let lastLayer = builder.reshape(fieldColumns, [rowCount, fields]);
    let lastUnits = fields;
    const sums: Ref[] = [];
    units.forEach((layerUnits, index) => {
      const pairs = builder.mul(builder.reshape(lastLayer, [rowCount, lastUnits, 1]), inputColumns);
      const inputs = lastUnits * fields;
      const weights = builder.parameter(`weights_${index}`, [inputs, layerUnits], {
        kind: 'glorot',
        fans: [inputs, layerUnits],
      });
      const mixed = builder.matMul(builder.reshape(pairs, [rowCount, inputs]), weights);
      lastLayer = activate(context, mixed, activation, { suffix: `_${index}` });
      lastUnits = layerUnits;
      sums.push(builder.sum(builder.reshape(lastLayer, [batch, fieldWidth, layerUnits]), [1]));
    });
    return vectorOf(
      endToEnd(builder, sums),
      units.reduce((sum, next) => sum + next, 0),
    );
  },
});
