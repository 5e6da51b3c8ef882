import { invariant } from '../../../base/diagnostics/failure.ts';
import { poolSize } from '../sampler.ts';
import { type FeedContext, grown, type MakeSource } from '../source.ts';

/** int32 [batch]; 0 for an item that the corpus does not have. */
export const corpusPlaces: MakeSource<'corpus_places'> = (_source, context) => {
  const item = itemsOf(context);
  let buffer = new Int32Array(0);
  return {
    fill({ rows }) {
      if (buffer.length < rows.length) buffer = new Int32Array(rows.length);
      for (let i = 0; i < rows.length; i++) buffer[i] = Math.max(0, item[rows[i]!]!);
      return { dtype: 'int32', shape: [rows.length], data: buffer.subarray(0, rows.length) };
    },
  };
};

/** float32 [batch]: 1, and 0 for an item that the corpus does not have. */
export const inCorpus: MakeSource<'in_corpus'> = (_source, context) => {
  const item = itemsOf(context);
  let buffer = new Float32Array(0);
  return {
    fill({ rows }) {
      buffer = grown(buffer, rows.length);
      for (let i = 0; i < rows.length; i++) buffer[i] = item[rows[i]!]! < 0 ? 0 : 1;
      return { dtype: 'float32', shape: [rows.length], data: buffer.subarray(0, rows.length) };
    },
  };
};

/** float32 []: items that one draw may give. */
export const drawPool: MakeSource<'draw_pool'> = ({ by }, { training }) => {
  invariant(training, 'items are drawn for training rows');
  const data = Float32Array.of(poolSize(training.corpus, by));
  return { fill: () => ({ dtype: 'float32', shape: [], data }) };
};

/** Returns the corpus row of each event's item; negative where it has none. */
function itemsOf({ training }: FeedContext): Int32Array {
  invariant(training, 'places in the corpus are of training rows');
  return training.events.item;
}
