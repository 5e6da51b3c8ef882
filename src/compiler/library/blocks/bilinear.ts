import { type Field, ShapeError } from '../contract.ts';
import { choice } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needFields, needOneWidth } from '../values.ts';

export const bilinear = blockKind({
  doc: 'A field for each pair i < j of fields, named `i×j`: fields[F × D] → fields[F(F − 1)/2 × D].',
  formula: ['(e_i · W) ⊙ e_j for each i < j'],
  when: 'For pairs of fields with a learned matrix, often after `senet`.',
  paper: 'Huang et al., "FiBiNET", RecSys 2019 (section 3.3)',
  example: 'bilinear(each)',
  parameters: {
    weights: choice(['all', 'each', 'interaction'], {
      positional: true,
      doc: 'One W of [D × D] for all pairs, one for each field i, or one for each pair.',
      default: 'each',
      near: ['bilinear_type', 'type', 'kind', 'weight_type', 'mode'],
    }),
  },
  lower({ builder }, input, { weights }) {
    const value = needFields(input);
    const width = needOneWidth(value);
    if (value.fields.length < 2) throw new ShapeError('needs two fields at least');
    const project = (field: Field, name: string) =>
      builder.matMul(field.tensor, builder.parameter(name, [width, width], { kind: 'glorot', fans: [width, width] }));
    const fields = value.fields.flatMap((left, i) => {
      const sharedProjection =
        weights === 'interaction' || i === value.fields.length - 1 ? undefined : project(left, nameOf(i));
      return value.fields.slice(i + 1).map((right, index): Field => {
        const projected = sharedProjection ?? project(left, `weights_${i}_${i + 1 + index}`);
        return { name: `${left.name}×${right.name}`, tensor: builder.mul(projected, right.tensor), width };
      });
    });
    return { kind: 'fields', fields };

    function nameOf(field: number): string {
      return weights === 'all' ? 'weights' : `weights_${field}`;
    }
  },
});
