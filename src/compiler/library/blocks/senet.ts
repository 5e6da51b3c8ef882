import { integer } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needFields } from '../values.ts';

export const senet = blockKind({
  doc: 'Weighs whole fields, of any widths, by shares that a small net finds from their means. fields[F × D] → the same.',
  formula: [
    'a = σ(relu(z · W₁) · W₂), z_i = mean of field i',
    'field_i ← a_i · field_i',
    'W₁ of [F × H], H = max(1, floor(F / reduction))',
  ],
  when: 'Where many fields are noise: it weighs whole fields, and `--attention` shows the weights.',
  paper: 'Huang et al., "FiBiNET", RecSys 2019 (section 3.2); one tower at a time',
  example: 'senet(reduction: 2)',
  parameters: {
    reduction: integer({ min: 1, doc: 'r: the hidden layer has F/r units, rounded down, one at least.', default: 3 }),
  },
  lower({ builder, readout }, input, { reduction }) {
    const { fields } = needFields(input);
    const fieldCount = fields.length;
    const hidden = Math.max(1, Math.floor(fieldCount / reduction));
    const squeezed = builder.concat(
      fields.map((field) => builder.mean(field.tensor, [1], true)),
      1,
    );
    const reduce = builder.parameter('reduce', [fieldCount, hidden], { kind: 'glorot', fans: [fieldCount, hidden] });
    const expand = builder.parameter('expand', [hidden, fieldCount], { kind: 'glorot', fans: [hidden, fieldCount] });
    const weights = readout(
      'excitation',
      fields.map(({ name }) => name),
      () => builder.sigmoid(builder.matMul(builder.relu(builder.matMul(squeezed, reduce)), expand)),
    );
    return {
      kind: 'fields',
      fields: fields.map((field, index) => ({
        ...field,
        tensor: builder.mul(field.tensor, builder.slice(weights, [0, index], [-1, 1])),
      })),
    };
  },
});
