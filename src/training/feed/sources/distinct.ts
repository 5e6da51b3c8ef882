import { invariant } from '../../../base/diagnostics/failure.ts';
import type { MakeSource } from '../source.ts';

/** int32 [batch, 2] */
export const places: MakeSource<'places'> = () => {
  let buffer = new Int32Array(0);
  return {
    fill({ distinct }) {
      invariant(distinct, 'places are among distinct rows');
      const count = distinct.places.length;
      if (buffer.length < 2 * count) buffer = new Int32Array(2 * count);
      for (let i = 0; i < count; i++) {
        buffer[2 * i] = i;
        buffer[2 * i + 1] = distinct.places[i]!;
      }
      return { dtype: 'int32', shape: [count, 2], data: buffer.subarray(0, 2 * count) };
    },
  };
};

/** float32 [distinct] */
export const counts: MakeSource<'counts'> = () => ({
  fill({ distinct }) {
    invariant(distinct, 'counts are of distinct rows');
    return { dtype: 'float32', shape: [distinct.counts.length], data: distinct.counts };
  },
});
