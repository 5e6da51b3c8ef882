/** Which rows each step takes: a new order every epoch, drawn from the seed and the epoch alone. */
import { makeRandom } from '../random/random.ts';

/** Fewer rows give a softmax over one item: no gradient, and a loss of 0 that means nothing. */
export const smallestBatch = 2;

export interface Epoch {
  readonly steps: number;
  /** Rows of step `index` (from 0), a view. */
  batch(index: number): Int32Array;
}

/** Sets these draws apart from all others of the same seed. */
const orderStream = 0x0e9c;

/**
 * Every row once, in batches of `batch`; the last is as large as what is left, and left out where that is a single row (which
 * the next epoch's order puts elsewhere).
 * @param epoch from 1
 */
export function makeEpoch(rows: number, batch: number, seed: number, epoch: number): Epoch {
  const order = makeRandom(seed, orderStream, epoch).permutation(rows);
  return {
    steps: stepsOfEpoch(rows, batch),
    batch: (index) => order.subarray(index * batch, Math.min(rows, (index + 1) * batch)),
  };
}

export function stepsOfEpoch(rows: number, batch: number): number {
  const whole = Math.floor(rows / batch);
  return rows - whole * batch >= Math.min(smallestBatch, batch) ? whole + 1 : whole;
}
