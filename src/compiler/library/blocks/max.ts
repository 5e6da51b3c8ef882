import { blockKind } from '../rows.ts';
import { pool } from './pooling.ts';

export const max = blockKind({
  doc: 'The largest of each number, over fields of one width or what a sequence holds (0 for an empty one): fields[F × D] or sequence[L × D] → vector[D].',
  formula: ['max_t x_t, number by number'],
  when: 'Where one element of a history decides, however long it is; `mean` weakens a single element, `attention` learns which counts.',
  paper:
    'Collobert et al., "Natural language processing (almost) from scratch", JMLR 2011 (section 3.3.2, max over time)',
  also: ['max_pooling', 'max_pool', 'maxpool', 'maxpooling', 'global_max_pooling', 'max_pooling1d', 'reduce_max'],
  near: ['maximum', 'amax'],
  example: 'max',
  lower: (context, input) => pool(context, input, 'max'),
});
