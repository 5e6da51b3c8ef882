/** Which rows each step takes: a new order every epoch, drawn from the seed and the epoch alone. */
import { makeRandom } from '../base/random/random.ts';
import type { SchedulePlan, TrainPlan } from '../graph/plan/plan.ts';

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

/** How fast a step moves: the same where it is trained and where it is taken again. */
export interface Rates {
  readonly dense: number;
  /** The schedule of the dense optimizer multiplies a rate by it. */
  readonly denseFactor: number;
  readonly embeddings: number;
  /** The tables' own rate is multiplied by it. */
  readonly factor: number;
}

/** @param step from 1, of `steps` */
export function ratesAt({ dense, embeddings }: TrainPlan, step: number, steps: number): Rates {
  const tableFactor = rateFactor(embeddings.schedule, step, steps);
  const denseFactor = rateFactor(dense.schedule, step, steps);
  return {
    dense: dense.rate * denseFactor,
    denseFactor,
    embeddings: embeddings.rate * tableFactor,
    factor: tableFactor,
  };
}

/**
 * Multiplier of a rate in step `step` (from 1) of `steps`: up in a line to 1 at the end of the warm-up; from the step after it
 * 1, then down to reach 0 where step `steps` + 1 would be, or as 1/√step.
 */
export function rateFactor({ warmup, decay }: SchedulePlan, step: number, steps: number): number {
  if (step <= warmup) return step / warmup;
  const decayedPart = Math.min(1, (step - warmup - 1) / Math.max(1, steps - warmup));
  switch (decay) {
    case 'constant':
      return 1;
    case 'linear':
      return 1 - decayedPart;
    case 'cosine':
      return (1 + Math.cos(Math.PI * decayedPart)) / 2;
    case 'inverse_sqrt':
      return Math.sqrt(Math.max(1, warmup) / step);
  }
}
