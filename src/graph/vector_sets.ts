/**
 * Scores sets of vectors: Σ over the vectors of the query of the largest inner product with a vector of the item. A set is float32 [rows, vectors, width], whose
 * last number says whether the vector is there: 1 or 0 of an item, 0 of a query, so that it adds nothing to a product. A vector that a query lacks is zeros.
 */
import type { Ref } from './builder.ts';
import { productOfDims } from './dims.ts';
import type { Builder, Dim } from './graph.ts';

/** Acts as −∞ for a maximum, but is finite, so that 0 · absent is not NaN. */
const absent = -1e30;

export const areSets = (tensor: Ref): boolean => tensor.type.shape.length === 3;

/** Scores each query against all items: float32 [batch, items]. */
export function maxSimOfAll(builder: Builder, queries: Ref, items: Ref): Ref {
  const [batch, asked, width] = queries.type.shape as readonly [Dim, number, number];
  const [count, vectors] = items.type.shape as readonly [Dim, number, number];
  const [rows, columns] = [productOfDims([batch, asked]), productOfDims([count, vectors])];
  const flatItems = builder.reshape(items, [columns, width]);
  const products = builder.matMul(builder.reshape(queries, [rows, width]), flatItems, { transposeB: true });
  const best = bestOfSets(builder, products, items, [columns], [count, vectors]);
  return builder.sum(builder.reshape(best, [batch, asked, count]), [1]);
}

/** Scores each query against items of its own, `perRow` for each: float32 [batch, perRow]. */
export function maxSimOfRows(builder: Builder, queries: Ref, items: Ref, perRow: number): Ref {
  const [batch] = queries.type.shape as readonly [Dim];
  const [, vectors, width] = items.type.shape as readonly [Dim, number, number];
  const ownItems = builder.reshape(items, [batch, perRow * vectors, width]);
  const products = builder.batchMatMul(queries, ownItems, { transposeB: true });
  return builder.sum(
    bestOfSets(builder, products, items, [batch, 1, perRow * vectors], [batch, 1, perRow, vectors]),
    [1],
  );
}

/** Returns the largest product within each set of the last axis; 0 where the set is empty. Equals share the gradient. */
function bestOfSets(builder: Builder, products: Ref, items: Ref, flat: readonly Dim[], split: readonly Dim[]): Ref {
  const [, , width] = items.type.shape as readonly [Dim, Dim, number];
  const isThere = builder.stopGradient(builder.slice(items, [0, 0, width - 1], [-1, -1, 1]));
  const penalty = builder.mul(builder.sub(1, builder.reshape(isThere, flat)), absent);
  const shape = products.type.shape.slice(0, -1);
  const sets = builder.reshape(builder.add(products, penalty), [...shape, ...split.slice(-2)]);
  const isFilled = builder.max(builder.reshape(isThere, split), [split.length - 1]);
  return builder.mul(builder.max(sets, [shape.length + 1]), isFilled);
}
