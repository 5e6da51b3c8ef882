/** Estimates log of how often an item comes up, subtracted from its scores so that popular items are not punished twice. */
import { invariant } from '../../../base/diagnostics/failure.ts';
import type { Corpus, Events } from '../../../data/dataset.ts';
import { replayedShare } from '../../../data/rows/fresh.ts';
import type { SharedRows } from '../../../graph/plan/plan.ts';
import { makeIdentity } from '../distinct.ts';
import { drawChance } from '../sampler.ts';
import {
  areEvents,
  enlargedBuffer,
  type FeedContext,
  type InputFeed,
  type MakeSource,
  type SourceOf,
} from '../source.ts';

/** float32 [rows], finite */
export const logQ: MakeSource<'log_q'> = (source, context, input) => {
  const logQOfColumns =
    source.estimator === 'frequency' ? frequency(source, context, input) : streaming(source, context, input);
  if (source.rows.kind === 'listed' || source.rows.kind === 'mined') return withOwnColumns(logQOfColumns, source);
  return source.mixed === undefined ? logQOfColumns : mixed(logQOfColumns, source, source.mixed, context);
};

/**
 * Corrects columns that belong to one row in addition to the B columns of the batch: such an item has one own column and on average B · q of the
 * batch's. Up to a constant, log q is log((B · q + 1) ÷ B).
 */
function withOwnColumns(own: InputFeed, { estimator }: SourceOf<'log_q'>): InputFeed {
  return {
    ...own,
    fill(batch) {
      const tensor = own.fill(batch);
      const data = tensor.data as Float32Array;
      // The streaming estimate is of how often an item comes in a batch.
      const ownColumn = estimator === 'streaming' ? 1 : 1 / batch.rows.length;
      for (let i = 0; i < data.length; i++) data[i] = Math.log(Math.exp(data[i]!) + ownColumn);
      return tensor;
    },
  };
}

/**
 * Returns the log of the item's share of training events; of the new ones if the run continues an earlier one. An item without events counts as
 * having one, so that the logarithm is finite.
 */
const frequency: MakeSource<'log_q'> = ({ rows: rowsOf }, { training }) => {
  invariant(training, 'log q is of training rows');
  const { events, corpus } = training;
  const logOfRow = logShares(corpus.rows, countsOf(events, corpus), replayedShare(events) || 1);
  const logUnseen = logOfRow[corpus.rows]!;
  let buffer = new Float32Array(0);
  return {
    fill(batch) {
      const rows = batch.rowsOf(rowsOf);
      buffer = enlargedBuffer(buffer, rows.length);
      if (!areEvents(rowsOf)) for (let i = 0; i < rows.length; i++) buffer[i] = logOfRow[rows[i]!]!;
      else {
        for (let i = 0; i < rows.length; i++) {
          const item = events.item[rows[i]!]!;
          buffer[i] = item < 0 ? logUnseen : logOfRow[item]!;
        }
      }
      return { dtype: 'float32', shape: [rows.length], data: buffer.subarray(0, rows.length) };
    },
  };
};

/**
 * Corrects the batch's B columns together with n drawn ones: log((B · q + n · p) ÷ (B + n)), where p is the probability that a draw gives the item
 * (Yang et al., WWW 2020 Companion).
 */
function mixed(
  own: InputFeed,
  { rows: rowsOf, estimator }: SourceOf<'log_q'>,
  shared: SharedRows,
  { training }: FeedContext,
): InputFeed {
  invariant(training, 'log q is of training rows');
  const { events, corpus } = training;
  const { count } = shared;
  const chanceOf = drawChance(corpus, shared);
  return {
    ...own,
    fill(batch) {
      const tensor = own.fill(batch);
      const data = tensor.data as Float32Array;
      const rows = batch.rowsOf(rowsOf);
      const batchSize = batch.rows.length;
      // The streaming estimate is of how often an item comes in a batch.
      const perColumn = estimator === 'streaming' ? 1 : batchSize;
      for (let i = 0; i < rows.length; i++) {
        const item = areEvents(rowsOf) ? events.item[rows[i]!]! : rows[i]!;
        data[i] = Math.log((perColumn * Math.exp(data[i]!) + count * chanceOf(item)) / (batchSize + count));
      }
      return tensor;
    },
  };
}

/** Returns one entry a corpus row, then that of an item without any training event. @param least events that an item counts at least */
function logShares(rows: number, counts: ArrayLike<number>, least: number): Float32Array {
  let countTotal = 0;
  for (let row = 0; row < rows; row++) countTotal += counts[row]!;
  const logTotal = Math.log(Math.max(least, countTotal));
  const logOfRow = new Float32Array(rows + 1);
  for (let row = 0; row <= rows; row++) logOfRow[row] = Math.log(Math.max(least, counts[row] ?? 0)) - logTotal;
  return logOfRow;
}

/** Counts the events that batches are made of: those of the training part, or the new ones and what an epoch adds of the others on average. */
function countsOf(events: Events, { rows, trainingCounts }: Corpus): ArrayLike<number> {
  const { item, fresh } = events;
  if (fresh === undefined) return trainingCounts;
  const counts = new Float64Array(rows);
  for (const event of fresh) if (item[event]! >= 0) counts[item[event]!]!++;
  const share = replayedShare(events);
  if (share > 0) for (let row = 0; row < rows; row++) counts[row]! += share * (trainingCounts[row]! - counts[row]!);
  return counts;
}

/** α of Yi et al.: half of the mean is of the last 14 gaps. */
const learningRate = 0.05;

/**
 * −log of the item's mean gap between batches that hold it, after this batch was counted. Every item of the corpus has a
 * place of its own; all others share one. Before anything is seen all items are taken as equally frequent: the first B is
 * corpus rows ÷ batch rows, at least 1. A is 0, so the first gap of an item that first comes at step t is t.
 */
const streaming: MakeSource<'log_q'> = ({ rows: rowsOf, key }, { training }, { name }) => {
  invariant(training, 'log q is of training rows');
  const { events, corpus } = training;
  const identity = makeIdentity(events, corpus, key);
  const place = (id: number): number => (id < 0 || id >= corpus.rows ? corpus.rows : id);
  const estimator = makeStreamingEstimator(corpus.rows + 1, Math.max(1, corpus.rows / training.batch));
  let buffer = new Float32Array(0);
  return {
    fill(batch) {
      for (let i = 0; i < batch.rows.length; i++) estimator.observe(place(identity(batch.rows[i]!)), batch.step);
      const rows = batch.rowsOf(rowsOf);
      buffer = enlargedBuffer(buffer, rows.length);
      for (let i = 0; i < rows.length; i++) {
        const id = areEvents(rowsOf) ? identity(rows[i]!) : rows[i]!;
        buffer[i] = estimator.logProbability(place(id));
      }
      return { dtype: 'float32', shape: [rows.length], data: buffer.subarray(0, rows.length) };
    },
    state: () => ({ [`${name}/last_seen`]: estimator.lastSeen, [`${name}/gaps`]: estimator.gaps }),
  };
};

/**
 * Estimates how often an item comes up, from the stream of batches alone (Yi et al., RecSys 2019, algorithm 2, without its hash functions: each
 * item has a place). A holds the step at which an item was last seen, B the running mean of the gaps between; q = 1 ÷ B.
 * @param initialGap B before anything is seen; the nearer to the truth, the smaller the bias
 * @param rate α: the share of the newest gap in the mean
 */
export function makeStreamingEstimator(places: number, initialGap: number, rate = learningRate) {
  const lastSeen = new Int32Array(places);
  const gaps = new Float32Array(places).fill(initialGap);
  return {
    /** A and B themselves, to be saved, and to be written when resuming. */
    lastSeen,
    gaps,
    /** Item `id` is in the batch of `step`. An id that comes k times in a batch is observed k times. */
    observe(id: number, step: number): void {
      gaps[id] = (1 - rate) * gaps[id]! + rate * (step - lastSeen[id]!);
      lastSeen[id] = step;
    },
    /** log q: of how often the item comes in a batch. A run of zero gaps (one item fills whole batches) may underflow. */
    logProbability: (id: number): number => -Math.log(Math.max(gaps[id]!, smallestGap)),
  };
}

const smallestGap = 1e-6;
