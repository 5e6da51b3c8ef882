import { choice, integer, text as quoted } from '../parameters.ts';
import { featureKind } from '../rows.ts';

export const text = featureKind({
  doc: 'Text as a bag of pieces, each with a row of an embedding table, pooled into a field of width `dim`. The sum of rows is the product of the count vector and the first layer of DSSM. The row of a piece is that of its hash, or of its place in a file.',
  formula: ['pool over the pieces p of x of table[hash(p)]', 'table[place of p in the file] with vocabulary'],
  when: 'For titles and queries, without a language model. `bigrams` keeps some of the order of words, `trigrams` finds words that are spelt alike. With `vocabulary` no two known words share a row. Use `vector` for embeddings of a language model.',
  paper: 'Huang et al., "Learning deep structured semantic models", CIKM 2013 (section 3.2, word hashing)',
  example: 'text(trigrams, hash: 30_000, dim: 128)',
  column: 'text',
  parameters: {
    pieces: choice(['words', 'bigrams', 'trigrams'], {
      positional: true,
      doc: 'Lower-case words; `bigrams`, the words and each pair of words in a row; or letter trigrams of `#word#`.',
      default: 'words',
    }),
    hash: integer({
      min: 1,
      doc: 'Rows of pieces that are hashed. Default 30,000; with `vocabulary` 1, the row of all pieces that it does not have.',
    }),
    vocabulary: quoted({
      doc: 'A file with the pieces, one a line, from the folder of the data block. Each has a row of its own.',
    }),
    dim: integer({ min: 1, doc: 'Width of the field.', default: 64 }),
    max: integer({ min: 1, doc: 'Pieces kept, from the beginning.', default: 256 }),
    pool: choice(['sum', 'mean'], { doc: 'How the embeddings become one.', default: 'sum' }),
  },
  use({ pieces, hash, vocabulary, dim, max, pool }) {
    const buckets = hash ?? (vocabulary === undefined ? 30_000 : 1);
    const encoder = { kind: pieces, buckets, file: vocabulary };
    return { encoder, gives: 'bag', max, dim, pool };
  },
});
