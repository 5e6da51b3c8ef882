import { integer } from '../parameters.ts';
import { featureKind } from '../rows.ts';
import { elementArguments, list } from './list.ts';

const { element, ...others } = elementArguments;

export const sequence = featureKind({
  doc: "Several values of one kind in their order: sequence[max × dim], with a mask. Named after a feature, its elements use that feature's own table. Elements that training never had are excluded, before `max` applies. With `through` each element is an item, and is the vector that the item tower makes of all its features.",
  formula: ['table[code(x_1)], table[code(x_2)], …', 'channel(x_1), channel(x_2), … of the item tower with through'],
  when: 'For histories of which a block reads the elements one by one: `transformer`, `gru`, `attention`, `last`. A `list` is their mean or sum.',
  paper: 'Kang & McAuley, "Self-attentive sequential recommendation", ICDM 2018 (section III-A)',
  example: 'sequence(movie_id, 50)',
  column: 'list',
  parameters: {
    element,
    max: integer({
      min: 1,
      required: true,
      positional: true,
      doc: 'Elements kept: the latest of a history, else the first.',
    }),
    ...others,
  },
  use: (args, element) => list.use({ ...args, pool: 'none', weights: undefined }, element),
});
