import { blockKind } from '../rows.ts';
import { pool } from './pooling.ts';

export const mean = blockKind({
  doc: 'The average of fields of one width, or of the rows of a sequence (0 for an empty one): fields[F × D] or sequence[L × D] → vector[D].',
  formula: ['1 / n Σ_t x_t, n fields, or elements that the sequence has'],
  when: 'For a short history, or as the first baseline of a long one.',
  paper: 'Covington et al., "Deep neural networks for YouTube recommendations", RecSys 2016 (section 3.2)',
  example: 'mean',
  lower: (context, input) => pool(context, input, 'mean'),
});
