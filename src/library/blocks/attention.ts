import type { Builder, Ref } from '../../graph/builder.ts';
import { elementsOf } from '../../graph/dims.ts';
import { integer } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needElements } from '../values.ts';
import { layer } from './layer.ts';

export const attention = blockKind({
  doc: 'A weighted mean of the rows of a sequence, or of fields of one width, with a learned query q; an empty sequence gives 0. sequence[L × D] or fields[F × D] → vector[D].',
  formula: ['a_t = softmax over t of q · tanh(x_t · W + b)', 'y = Σ_t a_t x_t'],
  when: 'For a history whose elements matter unequally; `mean` is the baseline.',
  paper: 'Yang et al., "Hierarchical attention networks", NAACL 2016 (equations 5 to 7)',
  example: 'attention(units: 4)',
  parameters: {
    units: integer({ min: 1, doc: 'Width of W and q.', default: 32 }),
  },
  lower(context, input, { units }) {
    const { builder } = context;
    const { tensor, mask, count, width } = needElements(builder, input);
    const batch = tensor.type.shape[0]!;
    const rows = builder.reshape(tensor, [elementsOf([batch, count]), width]);
    const query = builder.parameter('query', [units, 1], { kind: 'glorot', fans: [units, 1] });
    const scores = builder.matMul(layer(context, rows, width, units, 'tanh'), query);
    const weights = maskedSoftmax(builder, builder.reshape(scores, [batch, count]), mask);
    const mean = builder.batchMatMul(builder.reshape(weights, [batch, 1, count]), tensor);
    return { kind: 'vector', tensor: builder.reshape(mean, [batch, width]), width, normalized: false };
  },
});

/** Taken from a score that must not count: e⁻¹ᵉ⁹ is 0, and finite, so that a row without any is no NaN. */
const hidden = 1e9;

/** Softmax over the last axis of what the mask leaves; zeros where it leaves nothing. The mask broadcasts to the scores. */
export function maskedSoftmax(builder: Builder, scores: Ref, mask: Ref | undefined): Ref {
  if (mask === undefined) return builder.softmax(scores);
  const visible = builder.add(scores, builder.mul(builder.sub(mask, 1), hidden));
  return builder.mul(builder.softmax(visible), mask);
}
