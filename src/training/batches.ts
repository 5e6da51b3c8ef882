/** Which rows each step takes: a new order every epoch, drawn from the seed and the epoch alone. */
import { makeRandom } from '../base/random/random.ts';

/** Fewer rows give a softmax over one item: no gradient, and a loss of 0 that means nothing. */
export const smallestBatch = 2;

/** The rows may have to be read from files first. */
export interface AnyEpoch {
  readonly steps: number;
  /** Rows of step `index` (from 0), ascending; may be a view. */
  batch(index: number): Int32Array | Promise<Int32Array>;
}

export interface Epoch extends AnyEpoch {
  batch(index: number): Int32Array;
}

/** Sets these draws apart from all others of the same seed. */
export const orderStream = 0x0e9c;

/**
 * Every row once, in batches of `batch`; the last is as large as what is left, and left out where that is a single row (which
 * the next epoch's order puts elsewhere). Which rows meet in a batch is drawn; no loss asks in what order they are in it, and
 * columns are read faster in ascending order.
 * @param epoch from 1
 */
export function makeEpoch(rows: number, batch: number, seed: number, epoch: number): Epoch {
  const rowOrder = ascendingInBatches(makeRandom(seed, orderStream, epoch).permutation(rows), batch);
  return {
    steps: stepsOfEpoch(rows, batch),
    batch: (index) => rowOrder.subarray(index * batch, Math.min(rows, (index + 1) * batch)),
  };
}

/** Keeps the rows of each batch, and puts every batch in ascending order: rows are distributed from the first to the last. */
function ascendingInBatches(drawn: Int32Array, batch: number): Int32Array {
  const batchOf = new Int32Array(drawn.length);
  drawn.forEach((row, place) => {
    batchOf[row] = place / batch;
  });
  const nextSlot = Int32Array.from({ length: Math.ceil(drawn.length / batch) }, (_, index) => index * batch);
  const rowOrder = new Int32Array(drawn.length);
  for (let row = 0; row < drawn.length; row++) rowOrder[nextSlot[batchOf[row]!]!++] = row;
  return rowOrder;
}

export function stepsOfEpoch(rows: number, batch: number): number {
  const fullBatches = Math.floor(rows / batch);
  return rows - fullBatches * batch >= Math.min(smallestBatch, batch) ? fullBatches + 1 : fullBatches;
}
