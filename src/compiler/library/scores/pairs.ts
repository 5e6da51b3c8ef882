import type { Ref } from '../../../graph/builder.ts';
import {
  type Arguments,
  type BlockContext,
  type ChannelPair,
  type Interests,
  ShapeError,
  type Vector,
  type VectorScore,
} from '../contract.ts';
import { integer } from '../parameters.ts';
import { endToEnd } from '../values.ts';
import { joinQueries, unitLength } from '../vector_ops.ts';

/** The arguments of every score. */
export const scoreParameters = {
  power: integer({
    min: 1,
    max: 8,
    doc: 'p, for several interests, and for training alone: the vector of a row is Σ_k softmax_k(s_k ^ p) interest k, with s_k the score of its own item by interest k, whose sign the power keeps. Absent: the interest with the largest s_k, the limit of a large p.',
  }),
} as const;

/**
 * Concatenates channels: the inner product of all is the sum of the channels' inner products. With `normalize` each channel is first normalized to length 1. Of
 * several vectors of a row the best counts. Throws ShapeError if the widths of a pair differ, if two channels have several vectors, or for a `power` if none has.
 */
export function pairs(
  { builder }: BlockContext,
  channels: readonly ChannelPair[],
  { power }: Arguments<typeof scoreParameters>,
  normalize: boolean,
): VectorScore {
  const vectorPairs = channels.map(({ channel, query, item }) => {
    if (query.kind === 'sequence' || item.kind !== 'vector')
      throw new ShapeError(`needs vectors, but channel \`${channel}\` has several: score it with \`max_sim\` alone`);
    if (query.width === item.width) return { query, item };
    throw new ShapeError(
      `needs two vectors of one width, but channel \`${channel}\` has vector[${query.width}] and vector[${item.width}]`,
    );
  });
  const prepared = (vector: Vector | Interests): Ref =>
    normalize && !vector.normalized ? unitLength(builder, vector.tensor) : vector.tensor;
  const { tensor: query, interests } = joinQueries(
    builder,
    vectorPairs.map(({ query }) => ({
      tensor: prepared(query),
      ...(query.kind === 'interests' ? { interests: query.count } : {}),
    })),
  );
  if (power !== undefined && interests === undefined) {
    throw new ShapeError('takes a `power` for several interests only, and each row has one vector');
  }
  const items = vectorPairs.map(({ item }) => prepared(item));
  const bounded = normalize || vectorPairs.every(({ query, item }) => query.normalized && item.normalized);
  return {
    query,
    item: endToEnd(builder, items),
    width: vectorPairs.reduce((sum, { query }) => sum + query.width, 0),
    interests,
    power,
    bound: bounded ? vectorPairs.length : Number.POSITIVE_INFINITY,
    ...(normalize ? cosineOf(vectorPairs) : {}),
  };
}

interface VectorPair {
  readonly query: Vector | Interests;
  readonly item: Vector;
}

/** Returns the vectors of a single pair of which neither has the length 1 yet. */
function cosineOf(pairs: readonly VectorPair[]): Pick<VectorScore, 'cosineOf'> {
  const [{ query, item }, ...others] = pairs as readonly [VectorPair, ...VectorPair[]];
  const isPlain = others.length === 0 && query.kind === 'vector' && !query.normalized && !item.normalized;
  return isPlain ? { cosineOf: { query: query.tensor, item: item.tensor } } : {};
}
