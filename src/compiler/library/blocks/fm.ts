import { blockKind } from '../rows.ts';
import { needFields, needOneWidth, stacked, vectorOf } from '../values.ts';

export const fm = blockKind({
  doc: 'Sum over all pairs of fields of their element-wise products: fields[F × D] → vector[D], whose sum is the second-order term of a factorization machine.',
  formula: ['½ ((Σ_f e_f)² − Σ_f e_f²) = Σ over i < j of e_i ⊙ e_j'],
  when: 'For all pairs of fields at no weights.',
  paper: 'Rendle, "Factorization machines", ICDM 2010 (lemma 3.1); as a layer He & Chua, SIGIR 2017 (equation 4)',
  example: 'fm',
  lower({ builder }, input) {
    const fields = needFields(input);
    const fieldWidth = needOneWidth(fields);
    const allFields = stacked(builder, fields, fieldWidth);
    const squareOfSum = builder.square(builder.sum(allFields, [1]));
    const sumOfSquares = builder.sum(builder.square(allFields), [1]);
    const tensor = builder.mul(builder.sub(squareOfSum, sumOfSquares), 0.5);
    return vectorOf(tensor, fieldWidth);
  },
});
