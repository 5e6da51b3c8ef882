import { ShapeError } from '../contract.ts';
import { integer, name } from '../parameters.ts';
import { featureKind } from '../rows.ts';

export const like = featureKind({
  doc: "A column of the same values as another feature: it uses that feature's encoding and its embedding table, and gives a field of the same width.",
  formula: ['table[code(x)], of the table of the named feature'],
  when: 'For a second column with the values of another, such as a seed item next to the candidate.',
  paper:
    'Yi et al., "Sampling-bias-corrected neural modeling", RecSys 2019 (section 5.1: seed and candidate share a table)',
  example: 'like(video_id)',
  column: 'any',
  parameters: {
    feature: name('feature', { required: true, positional: true, doc: 'The feature whose table it shares.' }),
    max: integer({ min: 1, doc: 'Of a list or a text: how many elements it keeps. Default: as many as the feature.' }),
  },
  use({ feature, max }, target) {
    if (target === undefined) throw new ShapeError('needs to know what it is like');
    if (target.gives === 'numbers')
      throw new ShapeError('needs a feature with a table: plain numbers have none to share');
    if (target.dim === 0) throw new ShapeError('needs a feature with a table: `dim: 0` gives it none');
    if (target.each)
      throw new ShapeError(
        `needs a feature of one value, or a list of them: the elements of \`${feature}\` have several each`,
      );
    if (target.weights !== undefined) {
      throw new ShapeError(
        `needs a list without \`weights\`: those of \`${feature}\` belong to its own elements. Declare this one as a \`list(…)\` too`,
      );
    }
    if (max !== undefined && target.gives !== 'bag')
      throw new ShapeError(`takes \`max\` for a list or a text, and \`${feature}\` is neither`);
    // A feature always has its own column.
    const { last: _last, along: _along, drop: _drop, vectors: _vectors, ...shared } = target;
    return max === undefined ? shared : { ...shared, max };
  },
});
