import { ShapeError } from '../contract.ts';
import { numbers } from '../parameters.ts';
import { blockKind, towerText } from '../rows.ts';
import { needFields, needOneWidth, vectorOf } from '../values.ts';

export const mix = blockKind({
  doc: 'A weighted sum of fields of one width, or of several steps: `mix(own, taste, weights: [0.7, 0.3])`. Without `weights` they are learned: shares of 1, the same for all rows, equal at first. fields[F × D] → vector[D].',
  formula: [...towerText('mix'), 'with weights: Σ_i w_i x_i'],
  when: 'Where one source should count more than another, such as the id of a user and the history. `sum` and `mean` count all alike, `gate` decides by row.',
  paper:
    'Mao et al., "SimpleX: a simple and strong baseline for collaborative filtering", CIKM 2021 (equation 4, weight g)',
  also: ['weighted_sum', 'weighted_mean'],
  near: ['blend', 'interpolate'],
  example: 'mix',
  parameters: { weights: numbers({ doc: 'One number for each field or step, in their order. Default: learned.' }) },
  lower(context, input, { weights }) {
    if (weights === undefined) return context.formula('mix', [input], {});
    const { builder } = context;
    const fields = needFields(input);
    const fieldWidth = needOneWidth(fields);
    const fieldTensors = fields.fields.map(({ tensor }) => tensor);
    if (weights.length !== fieldTensors.length) {
      throw new ShapeError(`needs a weight for each of its ${fieldTensors.length} fields, but gets ${weights.length}`);
    }
    const tensor = fieldTensors
      .map((part, index) => builder.mul(part, weights[index]!))
      .reduce((sum, part) => builder.add(sum, part));
    return vectorOf(tensor, fieldWidth);
  },
});
