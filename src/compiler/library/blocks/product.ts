import type { Builder } from '../../../graph/builder.ts';
import type { Fields, Vector } from '../contract.ts';
import { blockKind } from '../rows.ts';
import { needFields, needOneWidth, sideBySide, vectorOf } from '../values.ts';
import { mergedSequences } from '../vector_ops.ts';

export const product = blockKind({
  doc: 'The element-wise product of fields of one width, or of several steps: `product(deep, wide)`. fields[F × D] → vector[D]. Of several sequences of one list it is the product element by element: sequence[L × D].',
  formula: ['x_1 ⊙ x_2 ⊙ …'],
  when: 'For steps that must agree, such as a vector and its gate.',
  paper: 'He et al., "Neural collaborative filtering", WWW 2017 (equation 8, for two)',
  example: 'product',
  join({ builder }, parts) {
    return mergedSequences(parts, (a, b) => builder.mul(a, b)) ?? multiplyFields(builder, sideBySide(parts));
  },
  lower: ({ builder }, input) => multiplyFields(builder, needFields(input)),
});

function multiplyFields(builder: Builder, fields: Fields): Vector {
  const fieldWidth = needOneWidth(fields);
  const tensor = fields.fields.map((field) => field.tensor).reduce((all, next) => builder.mul(all, next));
  return vectorOf(tensor, fieldWidth);
}
