import { ShapeError } from '../contract.ts';
import { choice, column, feature, integer, side } from '../parameters.ts';
import { featureKind } from '../rows.ts';

/** The arguments of lists, pooled or in sequence. */
export const elementArguments = {
  element: feature({
    required: true,
    positional: true,
    doc: 'The kind of one element: a feature kind, or the name of a feature whose table is shared.',
  }),
  unseen: choice(['skip', 'keep'], {
    doc: 'Elements that are not in the vocabulary: excluded before `max` applies, or kept as the row of unseen values.',
    default: 'skip',
  }),
  through: side({
    doc: 'The item tower, or one of its channels: each element is encoded by it, with the same weights as the items of the score. The elements are values of the key of that tower. Elements that the corpus does not have are excluded.',
  }),
};

const { element, unseen, through } = elementArguments;

export const list = featureKind({
  doc: "Several values of one kind: embeddings pooled into a field of the width of one; with `pool: none` a `sequence`. Named after a feature, its elements use that feature's own table. Elements that training never had are excluded, in the pool, in the mask and in `max`: their row was never trained. A list without any other is empty, and an empty list is zeros. With `weights` an element counts as much as its number says; where the numbers of a row are all 0, the mean is zeros. With `through` each element is an item, and is the vector that the item tower makes of all its features: fields and sequences are as wide as that.",
  formula: [
    'pool over t of table[code(x_t)]',
    'Σ_t w_t table[code(x_t)] with weights; divided by Σ_t w_t in a mean',
    'channel(x_t), of the item tower, for table[code(x_t)] with through',
  ],
  when: 'For histories and tags. Use `sequence` where a block should read the elements one by one, and `weights` where some elements say more: scores of tags, ratings of a history. Use `through: item` where titles or categories of items say more than their ids, as for items with few events.',
  paper: 'Covington et al., "Deep neural networks for YouTube recommendations", RecSys 2016 (section 3.2)',
  example: 'list(category(dim: 16), max: 6)',
  column: 'list',
  parameters: {
    element,
    max: integer({ min: 1, doc: 'Elements kept: the latest of a history, else the first.', default: 50 }),
    pool: choice(['mean', 'sum', 'none'], { doc: 'How the embeddings become one.', default: 'mean' }),
    unseen,
    weights: column({
      doc: 'A column with a list of numbers from 0 on, one for each element; of a history, a history of the same events. Needs `pool: mean` or `sum`.',
    }),
    through,
  },
  use({ max, pool, unseen, weights, through }, element) {
    if (element === undefined) throw new ShapeError('needs to know what its elements are');
    if (through !== undefined) {
      if (weights !== undefined)
        throw new ShapeError('takes `weights` or `through`, not both: weigh the elements in a block');
      if (!('owner' in element.encoder)) {
        throw new ShapeError(
          `needs the name of a feature with \`through\`: write the key of tower \`${through.tower}\` in place of a kind`,
        );
      }
      const { encoder } = element;
      return { encoder, gives: 'bag', lists: true, max, pool, through, ...(unseen === 'keep' ? { unseen } : {}) };
    }
    if (element.gives !== 'code') {
      throw new ShapeError('needs elements of one code each: an id, a category, or a number cut into pieces');
    }
    if (weights !== undefined && pool === 'none') {
      throw new ShapeError('takes `weights` or `pool: none`, not both: elements in sequence are not added up');
    }
    if (element.dim === 0) throw new ShapeError('needs elements with embeddings: `dim: 0` gives them none');
    // The `drop` of a named feature applies only to that feature.
    if (element.drop !== undefined && !('owner' in element.encoder)) {
      throw new ShapeError('needs elements without `drop`: a list keeps its ids');
    }
    return {
      encoder: element.encoder,
      gives: 'bag',
      lists: true,
      max,
      pool,
      ...(unseen === 'keep' ? { unseen } : {}),
      dim: element.dim,
      weights,
    };
  },
});
