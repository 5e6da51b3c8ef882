import type { Builder, Ref } from '../../../graph/builder.ts';
import { productOfDims } from '../../../graph/dims.ts';
import { type BlockContext, type NamedValue, ShapeError, type Vector } from '../contract.ts';
import { integer } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { asVector, type Elements, flattened, needElements, printValue, vectorOf } from '../values.ts';
import { layer } from './layer.ts';

export const attention = blockKind({
  doc: 'A weighted mean of the rows of a sequence, or of fields of one width, with a learned query q; an empty sequence gives 0. sequence[L × D] or fields[F × D] → vector[D]. Written before an arrow, `attention(history, profile)`, the second value e makes the query of its row.',
  formula: ['a_t = softmax over t of q · tanh(x_t · W + b)', 'y = Σ_t a_t x_t', 'with a second value e: q = e · U'],
  when: 'For a history whose elements matter unequally; `mean` is the baseline. With a second value, such as the newest element or the hour, what matters depends on it.',
  paper:
    'Yang et al., "Hierarchical attention networks", NAACL 2016 (equations 5 to 7); with a query: Li et al., "Neural attentive session-based recommendation", CIKM 2017 (equation 8)',
  example: 'attention(units: 4)',
  parameters: { units: integer({ min: 1, doc: 'Width of W and q.', default: 32 }) },
  lower(context, input, { units }) {
    const { builder } = context;
    const elements = needElements(builder, input);
    const query = builder.parameter('query', [units, 1], { kind: 'glorot', fans: [units, 1] });
    return attentionMean(context, elements, units, (rows) => builder.matMul(rows, query));
  },
  join(context, parts, { units }) {
    const [list, queryPart, ...others] = parts;
    if (!list || !queryPart || others.length > 0)
      throw new ShapeError('takes two values, what is read and what makes the query: `attention(history, profile)`');
    const { builder } = context;
    const elements = needElements(builder, list.value);
    const { count } = elements;
    const queryVector = makeQuery(builder, queryPart);
    const weights = builder.parameter('query', [queryVector.width, units], {
      kind: 'glorot',
      fans: [queryVector.width, units],
    });
    const query = builder.matMul(queryVector.tensor, weights);
    const batch = query.type.shape[0]!;
    return attentionMean(context, elements, units, (rows) => {
      const hidden = builder.reshape(rows, [batch, count, units]);
      return builder.batchMatMul(hidden, builder.reshape(query, [batch, units, 1]));
    });
  },
});

/**
 * Returns Σ_t softmax(scores)_t · x_t.
 * @param score computes one score for each element from float32 [batch · count, units]
 */
function attentionMean(
  context: BlockContext,
  { tensor, mask, count, width }: Elements,
  units: number,
  score: (rows: Ref) => Ref,
): Vector {
  const { builder } = context;
  const batch = tensor.type.shape[0]!;
  const elementRows = builder.reshape(tensor, [productOfDims([batch, count]), width]);
  const scores = score(layer(context, elementRows, width, units, 'tanh'));
  const weights = maskedSoftmax(builder, builder.reshape(scores, [batch, count]), mask);
  const mean = builder.batchMatMul(builder.reshape(weights, [batch, 1, count]), tensor);
  return vectorOf(builder.reshape(mean, [batch, width]), width);
}

/** Returns the vector from which attention makes its query; several fields are concatenated. */
function makeQuery(builder: Builder, { name, value }: NamedValue): Vector {
  const vector = asVector(value);
  if (vector) return vector;
  if (value.kind !== 'fields') {
    throw new ShapeError(`makes a query of fields or of a vector, but \`${name}\` is ${printValue(value)}`);
  }
  return flattened(builder, value.fields);
}

/** Subtracted from masked scores: their softmax is then 0. It is finite, which avoids NaN in a row that is masked entirely. */
const maskPenalty = 1e9;

/** Returns the softmax over the unmasked entries of the last axis; zeros if all are masked. The mask broadcasts to the scores. */
export function maskedSoftmax(builder: Builder, scores: Ref, mask: Ref | undefined): Ref {
  if (mask === undefined) return builder.softmax(scores);
  const visible = builder.add(scores, builder.mul(builder.sub(mask, 1), maskPenalty));
  return builder.mul(builder.softmax(visible), mask);
}
