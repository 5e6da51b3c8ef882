import type { Ref } from '../../graph/builder.ts';
import { type BlockContext, type ChannelPair, type Score, ShapeError } from '../contract.ts';
import { unitLength } from '../unit_length.ts';

/**
 * Channels side by side: the inner product of the whole is the sum of the channels' own. With `normalize` each channel has
 * length 1 first. Throws ShapeError when two widths of a pair differ.
 */
export function pairs({ builder }: BlockContext, channels: readonly ChannelPair[], normalize: boolean): Score {
  for (const { channel, query, item } of channels) {
    if (query.width !== item.width) {
      throw new ShapeError(
        `needs two vectors of one width, but channel \`${channel}\` has vector[${query.width}] and vector[${item.width}]`,
      );
    }
  }
  const side = (of: 'query' | 'item'): Ref => {
    const tensors = channels.map((pair) =>
      normalize && !pair[of].normalized ? unitLength(builder, pair[of].tensor) : pair[of].tensor,
    );
    return tensors.length === 1 ? tensors[0]! : builder.concat(tensors, 1);
  };
  const bounded = normalize || channels.every(({ query, item }) => query.normalized && item.normalized);
  return {
    query: side('query'),
    item: side('item'),
    width: channels.reduce((sum, { query }) => sum + query.width, 0),
    ...(bounded ? { bound: channels.length } : {}),
  };
}
