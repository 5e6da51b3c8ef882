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
 * Channels side by side: the inner product of the whole is the sum of the channels' own. With `normalize` each channel has
 * length 1 first. Of several vectors a row the best counts. Throws ShapeError when two widths of a pair differ, or two channels
 * have several vectors.
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
