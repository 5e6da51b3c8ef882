import { defined } from '../../defined.ts';
import { ShapeError } from '../contract.ts';
import { feature, name } from '../parameters.ts';
import { featureKind } from '../rows.ts';

export const along = featureKind({
  doc: 'One more value of each element of a list, from a column of its own: a sequence of the same length, whose element t belongs to element t of the list. Where the list leaves an element out, its value is left out too; an element without a value has the row of missing values. Gives sequence[max × dim] with the max of the list.',
  formula: ['table[code(x_1)], table[code(x_2)], …, x_t of the same event as element t of the list'],
  when: 'For histories whose elements have more than an id: a rating, a gap, the decade of a film. Join the sequences with `sum(history, rating)` or `concat(history, rating)`.',
  paper:
    'Hidasi et al., "Parallel recurrent neural network architectures for feature-rich session-based recommendations", RecSys 2016; Zhang et al., "Feature-level deeper self-attention network for sequential recommendation", IJCAI 2019',
  example: 'along(history, category(dim: 16))',
  column: 'list',
  readsNamed: true,
  parameters: {
    list: name('feature', {
      required: true,
      positional: true,
      doc: 'The list whose elements have the value: `list(…, pool: none)`.',
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
    if (!target.lists || target.pool !== 'none') {
      throw new ShapeError(`needs a list that is kept in sequence: declare \`${list}\` as \`list(…, pool: none)\``);
    }
    if (element === undefined) throw new ShapeError('needs to know what its values are');
    if (element.gives !== 'code') {
      throw new ShapeError('needs values of one code each: an id, a category, or a number cut into pieces');
    }
    if (element.dim === 0) throw new ShapeError('needs values with embeddings: `dim: 0` gives them none');
    return {
      encoder: element.encoder,
      gives: 'bag',
      lists: true,
      along: list,
      pool: 'none',
      unseen: 'keep',
      ...defined({ max: target.max, dim: element.dim }),
    };
  },
});
