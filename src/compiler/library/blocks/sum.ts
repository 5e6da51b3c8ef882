import { blockKind } from '../rows.ts';
import { sideBySide } from '../values.ts';
import { mergedSequences } from '../vector_ops.ts';
import { pool } from './pooling.ts';

export const sum = blockKind({
  doc: 'The sum of fields of one width, or of the rows of a sequence: fields[F × D] or sequence[L × D] → vector[D]. Of several sequences of one list, `sum(history, rating)`, it is the sum element by element: sequence[L × D].',
  formula: ['Σ_t x_t'],
  when: 'Where the number of elements should count; `mean` hides it.',
  paper: 'Covington et al., "Deep neural networks for YouTube recommendations", RecSys 2016 (section 3.2)',
  example: 'sum',
  lower: (context, input) => pool(context, input, 'sum'),
  join(context, parts) {
    const { builder } = context;
    return mergedSequences(parts, (a, b) => builder.add(a, b)) ?? pool(context, sideBySide(parts), 'sum');
  },
});
