import type { Builder, Ref } from '../../../graph/builder.ts';
import { type Fields, ShapeError } from '../contract.ts';
import { integer } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needFields, needOneWidth, stacked, vectorOf } from '../values.ts';

export const ffm = blockKind({
  doc: 'Field-aware: field i shows field j a vector of its own, and their products are summed over all pairs: fields → vector[k]. Without `width` an embedding of width F · k holds the F vectors end to end, as in the paper; with it learned maps make them from fields of any widths.',
  formula: ['y = Σ over i < j of v_ij ⊙ v_ji', 'v_ij = part j of e_i, or e_i · W_ij with width'],
  when: 'Where a field should look different to each other field; `fm` is cheaper.',
  paper: 'Juan et al., "Field-aware factorization machines for CTR prediction", RecSys 2016 (equation 4)',
  example: 'ffm(width: 4)',
  parameters: {
    width: integer({
      min: 1,
      doc: 'k, the width of the vectors of learned maps. Without `width` the embeddings are split.',
    }),
  },
  lower({ builder }, input, { width }) {
    const fields = needFields(input);
    const fieldCount = fields.fields.length;
    if (fieldCount < 2) throw new ShapeError('needs two fields at least');
    const k = width ?? splitWidth(fields);
    const flat =
      width === undefined
        ? stacked(builder, fields, fieldCount * k)
        : builder.concat(
            fields.fields.map((field, index) =>
              builder.matMul(field.tensor, maps(builder, field, index, fieldCount, k)),
            ),
            1,
          );
    // `products` has each pair of fields twice. It also has each field with itself, which only embeddings make nonzero.
    const pairVectors = builder.reshape(flat, [flat.type.shape[0]!, fieldCount, fieldCount, k]);
    const products = builder.mul(pairVectors, builder.transpose(pairVectors, [0, 2, 1, 3]));
    const doubleSum = builder.sum(products, [1, 2]);
    const ownProducts = width === undefined ? sumDiagonal(builder, products, fieldCount) : undefined;
    const tensor = builder.mul(ownProducts === undefined ? doubleSum : builder.sub(doubleSum, ownProducts), 0.5);
    return vectorOf(tensor, k);
  },
});

/** Returns the maps of one field for all other fields, concatenated, with zeros for the field itself: [width, count · k]. */
function maps(builder: Builder, field: Fields['fields'][number], index: number, count: number, k: number): Ref {
  const weights = builder.parameter(`weights_${index}`, [field.width, (count - 1) * k], {
    kind: 'glorot',
    fans: [field.width, k],
  });
  const mapsBefore = builder.slice(weights, [0, 0], [-1, index * k]);
  const mapsAfter = builder.slice(weights, [0, index * k], [-1, (count - 1 - index) * k]);
  if (index === 0) return builder.pad(mapsAfter, [0, k], [0, 0]);
  if (index === count - 1) return builder.pad(mapsBefore, [0, 0], [0, k]);
  return builder.concat([builder.pad(mapsBefore, [0, 0], [0, k]), mapsAfter], 1);
}

/** Returns Σᵢ of the entries (i, i): [batch, count, count, k] → [batch, k]. */
function sumDiagonal(builder: Builder, products: Ref, count: number): Ref {
  const identity = Array.from({ length: count * count }, (_, index) => (index % (count + 1) === 0 ? 1 : 0));
  return builder.sum(builder.mul(products, builder.constant(identity, [count, count, 1])), [1, 2]);
}

function splitWidth(fields: Fields): number {
  const fieldCount = fields.fields.length;
  const fieldWidth = needOneWidth(fields);
  if (fieldWidth % fieldCount === 0) return fieldWidth / fieldCount;
  throw new ShapeError(
    `without \`width\` splits each embedding among all ${fieldCount} fields, but ${fieldWidth} does not divide by ${fieldCount}: write \`ffm(width: 8)\``,
  );
}
