import { ShapeError } from '../contract.ts';
import { name } from '../parameters.ts';
import { featureKind } from '../rows.ts';

export const last = featureKind({
  doc: "The newest element of a list: of a history, what its user had last. It uses the list's own encoding and table, needs no column of its own, and follows the list at serving as in training. Gives a field of the width of one element; an empty list gives the row of the missing value.",
  formula: ['table[code(x_l)], x_l the newest element, of the table of the list'],
  when: 'For the item that came just before, next to the whole history.',
  paper:
    'Yi et al., "Sampling-bias-corrected neural modeling", RecSys 2019 (section 5.1: the seed, the video just watched)',
  example: 'last(history)',
  column: 'none',
  readsNamed: true,
  parameters: {
    list: name('feature', { required: true, positional: true, doc: 'The list whose newest element it is.' }),
  },
  use({ list }, target) {
    if (target === undefined) throw new ShapeError('needs to know which list it reads');
    if (!target.lists) {
      const actualKind =
        target.gives === 'bag' ? 'a text' : target.gives === 'code' ? 'one value' : 'numbers without elements';
      throw new ShapeError(`needs a list, and \`${list}\` is ${actualKind}`);
    }
    if (target.through) {
      throw new ShapeError(
        `needs a list of table rows, and \`${list}\` goes through tower \`${target.through.tower}\`: write \`${list} -> last\` in the tower`,
      );
    }
    if (target.each) throw new ShapeError(`needs one value for each element, and \`${list}\` has several`);
    return { encoder: target.encoder, gives: 'code', last: list, dim: target.dim };
  },
});
