import { integer, rest, text } from '../parameters.ts';
import { featureKind } from '../rows.ts';
import { dictionary } from './dictionary.ts';

export const category = featureKind({
  doc: 'One of a set of values: one row of an embedding table. The values are listed, are those of a file, or come from the training part; one row is for all others. Gives a field of width `dim`.',
  formula: ['table[code(x)], one code for all other values'],
  when: 'For a small, closed set of values. List the values where you know them; otherwise they are learned.',
  paper: 'Covington et al., "Deep neural networks for YouTube recommendations", RecSys 2016',
  example: 'category("F", "M", dim: 4)',
  column: 'any',
  parameters: {
    values: rest(text({ doc: 'The values, when they are known beforehand.' })),
    vocabulary: text({ doc: 'A file with the values, one a line, from the folder of the data block.' }),
    dim: integer({ min: 1, doc: 'Width of the embedding.', default: 8 }),
    hash: integer({ min: 1, doc: 'Rows of the table if values are hashed.' }),
    min_count: integer({ min: 1, doc: 'A value with fewer training rows counts as unseen. Default 1.' }),
  },
  use({ values, vocabulary, dim, hash, min_count }) {
    return { encoder: dictionary({ values, hash, minimumCount: min_count, file: vocabulary }), gives: 'code', dim };
  },
});
