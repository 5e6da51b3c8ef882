import { blockKind } from '../rows.ts';
import { needFields, needOneWidth } from '../values.ts';

export const product = blockKind({
  doc: 'The element-wise product of fields of one width, or of several steps: `product(deep, wide)`. fields[F × D] → vector[D].',
  formula: ['x_1 ⊙ x_2 ⊙ …'],
  when: 'For steps that must agree, such as a vector and its gate.',
  paper: 'He et al., "Neural collaborative filtering", WWW 2017 (equation 8, for two)',
  example: 'product',
  parameters: {},
  lower({ builder }, input) {
    const fields = needFields(input);
    const width = needOneWidth(fields);
    const tensor = fields.fields.map((field) => field.tensor).reduce((all, next) => builder.mul(all, next));
    return { kind: 'vector', tensor, width, normalized: false };
  },
});
