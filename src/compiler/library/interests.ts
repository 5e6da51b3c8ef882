/** Several vectors a row in the query tower: joined with plain vectors, and the one that the item of the row chooses. */
import type { Builder, Ref } from '../../graph/builder.ts';
import { ShapeError } from './contract.ts';

export interface Query {
  /** float32 [batch, width]; with `interests` [batch, interests, width] */
  readonly tensor: Ref;
  readonly interests?: number;
}

/**
 * Parts end to end. A plain vector is joined with each of several: max over k of (a · x + bₖ · y) is
 * a · x + max over k of bₖ · y. Throws ShapeError for two parts of several: a sum of two bests is no best of one list.
 */
export function joinQueries(builder: Builder, parts: readonly Query[]): Query {
  if (parts.length === 1) return parts[0]!;
  const [several, another] = parts.filter(({ interests }) => interests !== undefined);
  if (another) throw new ShapeError('adds up scores of which one at most may have several interests');
  if (!several) {
    return {
      tensor: builder.concat(
        parts.map(({ tensor }) => tensor),
        1,
      ),
    };
  }
  return {
    ...several,
    tensor: builder.concat(
      parts.map(({ tensor, interests }) =>
        interests === undefined ? joinWithEach(builder, several.tensor, tensor) : tensor,
      ),
      2,
    ),
  };
}

/** A vector once for each of several: [batch, width] → [batch, interests, width]. */
export function joinWithEach(builder: Builder, several: Ref, vector: Ref): Ref {
  const [batch, width] = vector.type.shape;
  const ones = builder.broadcastTo(builder.constant(1), builder.slice(several, [0, 0, 0], [-1, -1, 1]));
  return builder.mul(builder.reshape(vector, [batch!, 1, width!]), ones);
}

/**
 * Returns the vector of several of a row that agrees most with the row's own item; the mean of those that agree alike. Which one it
 * is is not differentiated (Cen et al., "ComiRec", KDD 2020, equation 8).
 * [batch, interests, width] and [batch, width] → [batch, width]
 */
export function ownInterest(builder: Builder, queries: Ref, item: Ref): Ref {
  const [batch, count, width] = queries.type.shape;
  const ownItem = builder.reshape(item, [batch!, 1, width!]);
  const agreement = builder.stopGradient(builder.sum(builder.mul(queries, ownItem), [2]));
  const best = builder.cast(builder.equal(agreement, builder.max(agreement, [1], true)), 'float32');
  const shares = builder.div(best, builder.sum(best, [1], true));
  return builder.sum(builder.mul(queries, builder.reshape(shares, [batch!, count!, 1])), [1]);
}
