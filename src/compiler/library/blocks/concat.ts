import type { Builder } from '../../../graph/builder.ts';
import { type Interests, type NamedValue, type Sequence, ShapeError, type Vector } from '../contract.ts';
import { blockKind } from '../rows.ts';
import { asVector, endToEnd, flattened, printValue, vectorOf } from '../values.ts';
import { alignedSequences, joinWithEach, nextToEach } from '../vector_ops.ts';
import { flatten } from './flatten.ts';

export const concat = blockKind({
  doc: 'Several steps side by side, of whatever widths: `concat(deep, wide)` → vector[Σ N]; after an arrow the same as `flatten`. With interests, each of them is joined with the others: interests[K × Σ N]. Sequences of one list are joined element by element, with vectors next to each element: sequence[L × Σ N].',
  formula: ['[x_1, x_2, …], end to end'],
  when: 'To join steps of any width, such as a deep and a wide one.',
  paper: 'no paper: concatenation; with interests: Li et al., "MIND", CIKM 2019 (section 4.4)',
  example: 'concat(deep, wide)',
  lower: (context, input) => flatten.lower(context, input, {}),
  join({ builder }, parts) {
    const sequences = alignedSequences(parts);
    if (sequences) return concatElements(builder, sequences[0]!.value, parts);
    const flatValues = parts.map(flat(builder));
    const interests = flatValues.find((value) => value.kind === 'interests');
    const totalWidth = flatValues.reduce((sum, value) => sum + value.width, 0);
    if (interests === undefined) {
      return vectorOf(
        endToEnd(
          builder,
          flatValues.map(({ tensor }) => tensor),
        ),
        totalWidth,
      );
    }
    const { count } = interests;
    const otherInterests = flatValues.find((value) => value.kind === 'interests' && value.count !== count);
    if (otherInterests)
      throw new ShapeError(
        `joins interests of one number, but gets ${printValue(interests)} and ${printValue(otherInterests)}`,
      );
    return {
      kind: 'interests',
      tensor: builder.concat(
        flatValues.map((value) =>
          value.kind === 'interests' ? value.tensor : joinWithEach(builder, interests.tensor, value.tensor),
        ),
        2,
      ),
      count,
      width: totalWidth,
      normalized: false,
    };
  },
});

/** Concatenates sequences of one list element by element; vectors of the row are repeated for each element. */
function concatElements(builder: Builder, first: Sequence, parts: readonly NamedValue[]): Sequence {
  const tensors = parts.map((part) => {
    if (part.value.kind === 'sequence') return part.value.tensor;
    const vector = flat(builder)(part);
    if (vector.kind === 'vector') return nextToEach(builder, first, vector.tensor);
    throw new ShapeError(`joins sequences with vectors, but \`${part.name}\` is ${printValue(part.value)}`);
  });
  const totalWidth = tensors.reduce((sum, { type }) => sum + (type.shape[2] as number), 0);
  return { ...first, tensor: builder.concat(tensors, 2), width: totalWidth };
}

/** Returns vectors and interests unchanged, and concatenates fields. */
const flat =
  (builder: Builder) =>
  ({ name, value }: NamedValue): Vector | Interests => {
    if (value.kind === 'interests') return value;
    const vector = value.kind === 'fields' ? flattened(builder, value.fields) : asVector(value);
    if (vector) return vector;
    throw new ShapeError(`joins vectors, fields and interests, but \`${name}\` is ${printValue(value)}`);
  };
