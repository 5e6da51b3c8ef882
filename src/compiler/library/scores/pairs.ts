import { defined } from '../../../base/util/defined.ts';
import type { Ref } from '../../../graph/builder.ts';
import {
  type BlockContext,
  type ChannelPair,
  type Interests,
  ShapeError,
  type Vector,
  type VectorScore,
} from '../contract.ts';
import { endToEnd } from '../values.ts';
import { joinQueries, unitLength } from '../vector_ops.ts';

/**
 * Concatenates channels: the inner product of all is the sum of the channels' inner products. With `normalize` each channel is first normalized to length 1. Of
 * several vectors of a row the best counts. Throws ShapeError if the widths of a pair differ, or if two channels have several vectors.
 */
export function pairs({ builder }: BlockContext, channels: readonly ChannelPair[], normalize: boolean): VectorScore {
  for (const { channel, query, item } of channels) {
    if (query.width !== item.width) {
      throw new ShapeError(
        `needs two vectors of one width, but channel \`${channel}\` has vector[${query.width}] and vector[${item.width}]`,
      );
    }
  }
  const prepared = (vector: Vector | Interests): Ref =>
    normalize && !vector.normalized ? unitLength(builder, vector.tensor) : vector.tensor;
  const { tensor: query, interests } = joinQueries(
    builder,
    channels.map(({ query }) => ({
      tensor: prepared(query),
      ...(query.kind === 'interests' ? { interests: query.count } : {}),
    })),
  );
  const items = channels.map(({ item }) => prepared(item));
  const bounded = normalize || channels.every(({ query, item }) => query.normalized && item.normalized);
  return {
    query,
    item: endToEnd(builder, items),
    width: channels.reduce((sum, { query }) => sum + query.width, 0),
    ...defined({ interests }),
    bound: bounded ? channels.length : Number.POSITIVE_INFINITY,
  };
}
