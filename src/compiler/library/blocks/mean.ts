import { number } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { pool } from './pooling.ts';

export const mean = blockKind({
  doc: 'The average of fields of one width, or of the rows of a sequence (0 for an empty one): fields[F × D] or sequence[L × D] → vector[D].',
  formula: ['1 / n^power Σ_t x_t, n fields, or elements that the sequence has'],
  when: 'For a short history, or as the first baseline of a long one.',
  paper:
    'Covington et al., "Deep neural networks for YouTube recommendations", RecSys 2016 (section 3.2); power: Kabbur et al., "FISM", KDD 2013 (equation 3)',
  example: 'mean',
  parameters: {
    power: number({
      min: 0,
      max: 1,
      doc: 'How far the sum is divided by the number of elements: 1 for the average, 0 for the sum, 0.5 for the root of the number, which keeps the length of a sum of unlike vectors.',
      default: 1,
    }),
  },
  lower: (context, input, { power }) => pool(context, input, 'mean', power),
});
