/**
 * How often an item comes up, from the stream of batches alone (Yi et al., RecSys 2019, algorithm 2): A holds the step at
 * which an item was last seen, B the running mean of the gaps between; q = 1 ÷ B.
 */
import { hashOf } from '../random/mixed.ts';

export interface StreamingOptions {
  /** Length of the arrays A and B of each hash function. */
  readonly buckets: number;
  /** Hash functions; 0: an id below `buckets` has a place of its own. With several, the largest gap is taken. */
  readonly hashes: number;
  /** α: the share of the newest gap in the mean. */
  readonly learningRate: number;
  /** B before anything is seen; the nearer to the truth, the smaller the bias. */
  readonly initialGap: number;
}

export interface StreamingEstimator {
  /** Item `id` is in the batch of `step`. An id that comes k times in a batch is observed k times. */
  observe(id: number, step: number): void;
  /** log q: of how often the item comes in a batch. Finite, whatever was seen. */
  logProbability(id: number): number;
  /** A and B themselves, to be saved, and to be written when resuming. */
  readonly lastSeen: Int32Array;
  readonly gaps: Float32Array;
}

export function makeStreamingEstimator(options: StreamingOptions): StreamingEstimator {
  const { buckets, hashes, learningRate } = options;
  const functions = Math.max(1, hashes);
  const lastSeen = new Int32Array(functions * buckets);
  const gaps = new Float32Array(functions * buckets).fill(options.initialGap);
  const place = (id: number, which: number): number =>
    which * buckets + (hashes === 0 ? id % buckets : hashOf(id, which) % buckets);
  return {
    lastSeen,
    gaps,
    observe(id, step) {
      for (let which = 0; which < functions; which++) {
        const at = place(id, which);
        gaps[at] = (1 - learningRate) * gaps[at]! + learningRate * (step - lastSeen[at]!);
        lastSeen[at] = step;
      }
    },
    logProbability(id) {
      let gap = gaps[place(id, 0)]!;
      for (let which = 1; which < functions; which++) gap = Math.max(gap, gaps[place(id, which)]!);
      // A run of zero gaps (one item fills whole batches) may underflow.
      return -Math.log(Math.max(gap, smallestGap));
    },
  };
}

const smallestGap = 1e-6;
