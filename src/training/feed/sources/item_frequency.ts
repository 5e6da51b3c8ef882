/** Estimates the logarithm of an item's frequency, which is subtracted from its scores so that popular items are not punished twice. */
import { reuseFloats } from '../../../base/util/objects.ts';
import type { Corpus, Events } from '../../../data/dataset.ts';
import { replayedShare } from '../../../data/rows/fresh.ts';
import { tensorOf } from '../../../graph/graph.ts';
import type { SharedRows } from '../../../graph/plan/plan.ts';
import { makeIdentity } from '../distinct_items.ts';
import {
  areEvents,
  type FeedContext,
  type InputFeed,
  type MakeSource,
  type SourceOf,
  trainingOf,
} from '../input_source.ts';
import { drawChance } from '../item_sampler.ts';

/** float32 [rows], finite */
export const logQ: MakeSource<'log_q'> = (source, context, input) => {
  const logQOfColumns =
    source.estimator === 'frequency'
      ? logFrequency(source, context, input)
      : logStreamingFrequency(source, context, input);
  if (source.rows.kind === 'listed' || source.rows.kind === 'mined') return withOwnColumns(logQOfColumns, source);
  return source.mixed === undefined ? logQOfColumns : correctForDraws(logQOfColumns, source, source.mixed, context);
};

/**
 * Corrects for columns that a row has for itself next to the B of the batch: such an item has one column of its own, and B · q of the batch's on average. Up to
 * a constant that all columns share, log q is log of (B · q + 1) ÷ B.
 */
function withOwnColumns(inputFeed: InputFeed, { estimator }: SourceOf<'log_q'>): InputFeed {
  return {
    ...inputFeed,
    fill(batch) {
      const tensor = inputFeed.fill(batch);
      const data = tensor.data as Float32Array;
      // The streaming estimate is the number of times that an item occurs in a batch.
      const ownColumn = estimator === 'streaming' ? 1 : 1 / batch.rows.length;
      for (let i = 0; i < data.length; i++) data[i] = Math.log(Math.exp(data[i]!) + ownColumn);
      return tensor;
    },
  };
}

/**
 * Computes the log of the share of training events that have the item; of the new events if a run continues from an earlier one. An item without events counts
 * as if it had one: its share is not larger than that, and the logarithm stays finite.
 */
const logFrequency: MakeSource<'log_q'> = ({ rows: rowsOf }, context) => {
  const { events, corpus } = trainingOf(context);
  const logOfRow = logShares(corpus.rows, countsOf(events, corpus), replayedShare(events) || 1);
  const logUnseen = logOfRow[corpus.rows]!;
  const floats = reuseFloats();
  return {
    fill(batch) {
      const rows = batch.rowsOf(rowsOf);
      const data = floats(rows.length);
      const isEvent = areEvents(rowsOf);
      for (let i = 0; i < rows.length; i++) {
        const item = isEvent ? events.item[rows[i]!]! : rows[i]!;
        data[i] = item < 0 || item >= corpus.rows ? logUnseen : logOfRow[item]!;
      }
      return tensorOf(data);
    },
  };
};

/**
 * Corrects for n columns that were drawn in addition to the batch's B: log of (B · q + n · p) ÷ (B + n), where p is the chance that a draw gives the item (Yang
 * et al., WWW 2020 Companion).
 */
function correctForDraws(
  inputFeed: InputFeed,
  { rows: rowsOf, estimator }: SourceOf<'log_q'>,
  shared: SharedRows,
  context: FeedContext,
): InputFeed {
  const { events, corpus } = trainingOf(context);
  const { count } = shared;
  const chanceOf = drawChance(corpus, shared);
  return {
    ...inputFeed,
    fill(batch) {
      const tensor = inputFeed.fill(batch);
      const data = tensor.data as Float32Array;
      const rows = batch.rowsOf(rowsOf);
      const batchSize = batch.rows.length;
      // The streaming estimate is the number of times that an item occurs in a batch.
      const perColumn = estimator === 'streaming' ? 1 : batchSize;
      for (let i = 0; i < rows.length; i++) {
        const item = areEvents(rowsOf) ? events.item[rows[i]!]! : rows[i]!;
        data[i] = Math.log((perColumn * Math.exp(data[i]!) + count * chanceOf(item)) / (batchSize + count));
      }
      return tensor;
    },
  };
}

/** Returns one entry per corpus row, then one for an item without training events. @param minEvents minimum number of events that an item counts */
function logShares(rows: number, counts: ArrayLike<number>, minEvents: number): Float32Array {
  let countTotal = 0;
  for (let row = 0; row < rows; row++) countTotal += counts[row]!;
  const logTotal = Math.log(Math.max(minEvents, countTotal));
  const logOfRow = new Float32Array(rows + 1);
  for (let row = 0; row <= rows; row++) logOfRow[row] = Math.log(Math.max(minEvents, counts[row] ?? 0)) - logTotal;
  return logOfRow;
}

/** Returns the counts of the events in batches: those of the training part, or the new ones plus the average number of others that an epoch adds. */
function countsOf(events: Events, { rows, trainingCounts }: Corpus): ArrayLike<number> {
  const { item, fresh, freshItems } = events;
  if (!freshItems && !fresh) return trainingCounts;
  const counts = new Float64Array(rows);
  if (freshItems) counts.set(freshItems);
  else for (const event of fresh!) if (item[event]! >= 0) counts[item[event]!]!++;
  const share = replayedShare(events);
  if (share > 0) for (let row = 0; row < rows; row++) counts[row]! += share * (trainingCounts[row]! - counts[row]!);
  return counts;
}

/** α of Yi et al.: half of the weight of the mean is on the last 14 gaps. */
const learningRate = 0.05;

/**
 * −log of the item's mean gap between batches that contain it, this batch included. Every item of the corpus has an entry of its own; all others share one.
 * Initially all items are assumed to be equally frequent: the first B is corpus rows ÷ batch rows, at least 1. A is 0, so the first gap of an item that first
 * occurs at step t is t.
 */
const logStreamingFrequency: MakeSource<'log_q'> = ({ rows: rowsOf, key }, context, { name }) => {
  const { events, corpus, batch: batchSize } = trainingOf(context);
  const identity = makeIdentity(events, corpus, key);
  const entryOf = (id: number): number => (id < 0 || id >= corpus.rows ? corpus.rows : id);
  const estimator = makeStreamingEstimator(corpus.rows + 1, Math.max(1, corpus.rows / batchSize));
  const floats = reuseFloats();
  return {
    fill(batch) {
      for (let i = 0; i < batch.rows.length; i++) estimator.observe(entryOf(identity(batch.rows[i]!)), batch.step);
      const rows = batch.rowsOf(rowsOf);
      const data = floats(rows.length);
      for (let i = 0; i < rows.length; i++) {
        const id = areEvents(rowsOf) ? identity(rows[i]!) : rows[i]!;
        data[i] = estimator.logProbability(entryOf(id));
      }
      return tensorOf(data);
    },
    state: () => ({ [`${name}/last_seen`]: estimator.lastSeen, [`${name}/gaps`]: estimator.gaps }),
  };
};

/**
 * Estimates the frequency of items from the stream of batches alone (Yi et al., RecSys 2019, algorithm 2, without its hash functions: each item has its own entry).
 * A is the step at which an item was last seen, B the running mean of the gaps between; q = 1 ÷ B. @param initialGap initial B; the nearer to the truth, the smaller
 * the bias @param rate α: the share of the newest gap in the mean
 */
export function makeStreamingEstimator(entryCount: number, initialGap: number, rate = learningRate) {
  const lastSeen = new Int32Array(entryCount);
  const gaps = new Float32Array(entryCount).fill(initialGap);
  return {
    /** A and B themselves, to be saved, and to be overwritten on resume. */
    lastSeen,
    gaps,
    /** Records that item `id` is in the batch of `step`. An id that occurs k times in a batch is observed k times. */
    observe(id: number, step: number): void {
      gaps[id] = (1 - rate) * gaps[id]! + rate * (step - lastSeen[id]!);
      lastSeen[id] = step;
    },
    /** Returns log q, where q is how often the item occurs in a batch. A minimum prevents an underflow after many gaps of 0 (one item fills whole batches). */
    logProbability: (id: number): number => -Math.log(Math.max(gaps[id]!, smallestGap)),
  };
}

const smallestGap = 1e-6;
