import { integer } from '../parameters.ts';
import { formulaBlock } from '../rows.ts';

export const senet = formulaBlock('senet', {
  doc: 'Weighs whole fields, of any widths, by shares that a small net finds from their means. fields[F × D] → the same.',
  when: 'Where many fields are noise: it weighs whole fields, and `--attention` shows the weights.',
  paper: 'Huang et al., "FiBiNET", RecSys 2019 (section 3.2); one tower at a time',
  example: 'senet(reduction: 2)',
  parameters: {
    reduction: integer({ min: 1, doc: 'r: the hidden layer has F/r units, rounded down, one at least.', default: 3 }),
  },
});
