import { invariant } from '../../../base/diagnostics/diagnostic.ts';
import { type ElementBag, type FeatureUse, ShapeError } from '../contract.ts';
import { feature, name } from '../parameters.ts';
import { featureKind } from '../rows.ts';

export const along = featureKind({
  doc: 'One more value of each element of a list, from a column of its own: a sequence of the same length, whose element t belongs to element t of the list. Where the list leaves an element out, its value is left out too; an element without a value has the row of missing values. Where the kind is a list or a text, each element has several values, which are pooled. Gives sequence[max × dim] with the max of the list.',
  formula: [
    'table[code(x_1)], table[code(x_2)], …, x_t of the same event as element t of the list',
    'pool over the values v of x_t of table[code(v)], where the kind is a list or a text',
  ],
  when: 'For histories whose elements have more than an id: a rating, a gap, the decade of a film, or its genres. Join the sequences with `sum(history, rating)` or `concat(history, rating)`.',
  paper:
    'Hidasi et al., "Parallel recurrent neural network architectures for feature-rich session-based recommendations", RecSys 2016; Zhang et al., "Feature-level deeper self-attention network for sequential recommendation", IJCAI 2019',
  example: 'along(history, category(dim: 16))',
  column: 'list',
  readsNamed: true,
  parameters: {
    list: name('feature', {
      required: true,
      positional: true,
      doc: 'The list whose elements have the value: `sequence(…)`.',
    }),
    element: feature({
      required: true,
      positional: true,
      doc: 'The kind of one value: a feature kind, or the name of a feature whose table is shared.',
    }),
  },
  use({ list }, element, [target] = []) {
    if (target === undefined) throw new ShapeError('needs to know which list it belongs to');
    if (target.along !== undefined)
      throw new ShapeError(`needs a list, and \`${list}\` belongs to \`${target.along}\`: name that`);
    if (!target.lists)
      throw new ShapeError(`takes a list first, and \`${list}\` is none: \`along(history, category(dim: 16))\``);
    if (target.pool !== 'none') {
      throw new ShapeError(`needs a list that is kept in sequence: declare \`${list}\` as \`sequence(…)\``);
    }
    if (element === undefined) throw new ShapeError('needs to know what its values are');
    if (element.gives === 'numbers') {
      throw new ShapeError(
        'needs values with codes: ids, categories, lists, texts, or numbers in pieces, such as `number(buckets: 20, dim: 16)`',
      );
    }
    if (element.pool === 'none') {
      throw new ShapeError('pools the values of each element: declare them as `list(…)`');
    }
    if (element.weights !== undefined) {
      throw new ShapeError('needs a list without `weights`: of an element of a list all values count alike');
    }
    if (element.through) {
      throw new ShapeError('needs a list without `through`: the values of an element are rows of a table');
    }
    if (element.dim === 0) throw new ShapeError('needs values with embeddings: `dim: 0` gives them none');
    // The `drop` of a named feature applies only to that feature.
    if (element.drop !== undefined && !('owner' in element.encoder)) {
      throw new ShapeError('needs values without `drop`: a list keeps its ids');
    }
    return {
      encoder: element.encoder,
      gives: 'bag',
      lists: true,
      along: list,
      pool: 'none',
      unseen: 'keep',
      frozen: element.ordinal,
      ordinal: element.ordinal,
      max: target.max,
      dim: element.dim,
      each: element.gives === 'bag' ? eachOf(element) : undefined,
    };
  },
});

const eachOf = ({ max, pool = 'mean', unseen }: FeatureUse): ElementBag => {
  invariant(max !== undefined && pool !== 'none', 'several values are pooled, and have a largest number');
  return { max, pool, unseen };
};
