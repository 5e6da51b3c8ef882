import type { Builder, Ref } from '../../../graph/builder.ts';
import { ShapeError } from '../contract.ts';
import { numbers } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needFields, needOneWidth, vectorOf } from '../values.ts';

export const mix = blockKind({
  doc: 'A weighted sum of fields of one width, or of several steps: `mix(own, taste, weights: [0.7, 0.3])`. Without `weights` they are learned: shares of 1, the same for all rows, equal at first. fields[F × D] → vector[D].',
  formula: ['Σ_i w_i x_i', 'w = weights, or softmax(a) with a learned a of [F] that begins at 0'],
  when: 'Where one source should count more than another, such as the id of a user and the history. `sum` and `mean` count all alike, `gate` decides by row.',
  paper:
    'Mao et al., "SimpleX: a simple and strong baseline for collaborative filtering", CIKM 2021 (equation 4, weight g)',
  also: ['weighted_sum', 'weighted_mean'],
  near: ['blend', 'interpolate'],
  example: 'mix',
  parameters: { weights: numbers({ doc: 'One number for each field or step, in their order. Default: learned.' }) },
  lower({ builder }, input, { weights }) {
    const fields = needFields(input);
    const fieldWidth = needOneWidth(fields);
    const fieldTensors = fields.fields.map(({ tensor }) => tensor);
    if (weights !== undefined && weights.length !== fieldTensors.length) {
      throw new ShapeError(`needs a weight for each of its ${fieldTensors.length} fields, but gets ${weights.length}`);
    }
    const tensor = weights
      ? fieldTensors
          .map((part, index) => builder.mul(part, weights[index]!))
          .reduce((sum, part) => builder.add(sum, part))
      : learnedMix(builder, fieldTensors, fieldWidth);
    return vectorOf(tensor, fieldWidth);
  },
});

/** Returns the sum of the parts with learned shares: float32 [batch, width]. */
function learnedMix(builder: Builder, parts: readonly Ref[], width: number): Ref {
  const partCount = parts.length;
  const shares = builder.softmax(builder.parameter('shares', [partCount], { kind: 'zeros' }));
  const rowCount = parts[0]!.type.shape[0]!;
  const stacked = builder.reshape(builder.concat(parts, 1), [rowCount, partCount, width]);
  return builder.sum(builder.mul(stacked, builder.reshape(shares, [partCount, 1])), [1]);
}
