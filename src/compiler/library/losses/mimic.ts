import { choice } from '../parameters.ts';
import { lossKind } from '../rows.ts';
import { weightedMean } from './weighted_mean.ts';

export const mimic = lossKind({
  doc: "The squared distance between the two vectors of a row's score, of which one alone learns: a vector of a user or of an item comes near what the other tower makes of the pair.",
  formula: ['q, v the vectors of the score', 'loss = ‖q − v‖², without a gradient of v with query, of q with item'],
  when: 'Next to a loss on events, as a task of its own: a channel of the id alone learns what the other side is like, and the main channel reads it.',
  paper:
    'Yu et al., "A dual augmented two-tower model for online large-scale recommendation", DLP-KDD 2021 (section 2.3)',
  example: 'mimic(query)',
  label: 'none',
  needsItemKey: false,
  normalizesVectors: true,
  oneSided: true,
  parameters: { learns: choice(['query', 'item'], { required: true, positional: true, doc: 'Whose vector learns.' }) },
  lower({ builder, weight }, { query, item }, { learns }) {
    const [q, v] = learns === 'query' ? [query, builder.stopGradient(item)] : [builder.stopGradient(query), item];
    return weightedMean(builder, builder.sum(builder.square(builder.sub(q, v)), [1]), weight);
  },
});
