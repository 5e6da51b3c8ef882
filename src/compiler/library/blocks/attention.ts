import type { Builder } from '../../../graph/builder.ts';
import { type NamedValue, ShapeError, type Vector } from '../contract.ts';
import { integer } from '../parameters.ts';
import { formulaBlock } from '../rows.ts';
import { asVector, flattened, printValue } from '../values.ts';

export const attention = formulaBlock('attention', {
  doc: 'A weighted mean of the rows of a sequence, or of fields of one width, with a learned query q; an empty sequence gives 0. sequence[L × D] or fields[F × D] → vector[D]. Written before an arrow, `attention(history, profile)`, the second value e makes the query of its row.',
  when: 'For a history whose elements matter unequally; `mean` is the baseline. With a second value, such as the newest element or the hour, what matters depends on it.',
  paper:
    'Yang et al., "Hierarchical attention networks", NAACL 2016 (equations 5 to 7); with a query: Li et al., "Neural attentive session-based recommendation", CIKM 2017 (equation 8)',
  example: 'attention(units: 4)',
  parameters: { units: integer({ min: 1, doc: 'Width of W and q.', default: 32 }) },
  join(context, parts, args) {
    const [list, query, ...others] = parts;
    if (!list || !query || others.length > 0)
      throw new ShapeError('takes two values, what is read and what makes the query: `attention(history, profile)`');
    return context.formula('attention', [list.value, makeQuery(context.builder, query)], args);
  },
});

/** Returns the vector from which attention makes its query; several fields are concatenated. */
function makeQuery(builder: Builder, { name, value }: NamedValue): Vector {
  const vector = asVector(value);
  if (vector) return vector;
  if (value.kind !== 'fields') {
    throw new ShapeError(`makes a query of fields or of a vector, but \`${name}\` is ${printValue(value)}`);
  }
  return flattened(builder, value.fields);
}
