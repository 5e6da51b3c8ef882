import { type FeatureUse, ShapeError } from '../contract.ts';
import { integer, name, rest } from '../parameters.ts';
import { featureKind } from '../rows.ts';

export const cross = featureKind({
  doc: 'The values of two features or more together, as one value: their codes are hashed to a row of an embedding table. It needs no column of its own. Gives a field of width `dim`.',
  formula: ['table[hash(code(x_1), code(x_2), …)]'],
  when: 'Where two values mean more together than apart, such as country and language. A block such as `fm` learns all pairs instead.',
  paper:
    'Cheng et al., "Wide & Deep learning for recommender systems", DLRS 2016 (section 3.1, cross-product transformations)',
  example: 'cross(user_id, country, hash: 10_000, dim: 8)',
  column: 'none',
  readsNamed: true,
  parameters: {
    features: rest(
      name('feature', { required: true, doc: 'The features, each of one code: ids, categories, numbers in pieces.' }),
    ),
    hash: integer({ min: 1, doc: 'Rows of the table.', default: 10_000 }),
    dim: integer({ min: 1, doc: 'Width of the embedding.', default: 8 }),
  },
  use({ features, hash, dim }, _, named: readonly FeatureUse[] = []) {
    const repeated = features.find((feature, index) => features.indexOf(feature) !== index);
    if (repeated !== undefined) throw new ShapeError(`names \`${repeated}\` twice`);
    if (features.length < 2) throw new ShapeError('needs two features at least');
    features.forEach((feature, index) => {
      const use = named[index];
      if (use?.crosses) throw new ShapeError(`cannot cross \`${feature}\`, a cross itself: name its features here`);
      if (use && use.gives !== 'code') {
        throw new ShapeError(
          `needs features of one code each, and \`${feature}\` is ${use.gives === 'bag' ? 'a list' : 'a plain number: cut it with `boundaries` or `buckets`'}`,
        );
      }
    });
    return { encoder: { kind: 'hash', buckets: hash }, gives: 'code', dim, crosses: features };
  },
});
