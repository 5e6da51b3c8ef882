import { formulaBlock } from '../rows.ts';

export const fm = formulaBlock('fm', {
  doc: 'Sum over all pairs of fields of their element-wise products: fields[F × D] → vector[D], whose sum is the second-order term of a factorization machine.',
  when: 'For all pairs of fields at no weights.',
  paper: 'Rendle, "Factorization machines", ICDM 2010 (lemma 3.1); as a layer He & Chua, SIGIR 2017 (equation 4)',
  example: 'fm',
});
