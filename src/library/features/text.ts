import { choice, integer } from '../parameters.ts';
import { featureKind } from '../rows.ts';

export const text = featureKind({
  doc: 'Text as a bag of hashed pieces, each with a row of an embedding table, pooled into a field of width `dim`. The sum of rows is the product of the count vector and the first layer of DSSM.',
  formula: ['pool over the pieces p of x of table[hash(p)]'],
  when: 'For titles and queries, without a language model. `bigrams` keeps some of the order of words, `trigrams` finds words that are spelt alike. Use `vector` for embeddings of a language model.',
  paper: 'Huang et al., "Learning deep structured semantic models", CIKM 2013 (section 3.2, word hashing)',
  example: 'text(trigrams, hash: 30_000, dim: 128)',
  column: 'text',
  parameters: {
    pieces: choice(['words', 'bigrams', 'trigrams'], {
      positional: true,
      doc: 'Lower-case words; `bigrams`, the words and each pair of words in a row; or letter trigrams of `#word#`.',
      default: 'words',
    }),
    hash: integer({ min: 1, doc: 'Rows of the table.', default: 30_000 }),
    dim: integer({ min: 1, doc: 'Width of the field.', default: 64 }),
    max: integer({ min: 1, doc: 'Pieces kept, from the beginning.', default: 256 }),
    pool: choice(['sum', 'mean'], { doc: 'How the embeddings become one.', default: 'sum' }),
  },
  use({ pieces, hash, dim, max, pool }) {
    return { encoder: { kind: pieces, buckets: hash }, gives: 'bag', max, dim, pool };
  },
});
