import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../base/random/random.ts';
import { listRowIndexes } from '../../base/util/objects.ts';
import type { Events, UnitCounts } from '../../data/dataset.ts';
import { earlierEvents, replayedEvents } from '../../data/rows/fresh.ts';
import { lastRowsOfUsers } from '../../data/rows/gather_rows.ts';
import { type Windows, windowsOf } from '../../data/rows/windows.ts';
import { hasRowPerUser, type Plan, sequenceFeature, type TrainPlan } from '../../graph/plan/plan.ts';

export interface EventOrder<E extends AnyEpoch = Epoch> {
  /** Number of events that an epoch may take: the training rows, or only those with a list if the model predicts each position of a list. */
  readonly rows: number;
  readonly steps: number;
  /** Number of rows that each epoch leaves out because they are too few for a batch. */
  readonly leftOut: number;
  /** Number of training rows that are not the target of any position, because nothing precedes them. */
  readonly withoutList: number;
  /** Maximum number of sequences in a step, if the targets are positions. */
  readonly sequences?: number;
  /** @param number from 1 */
  epoch(number: number): E;
}

export function orderOf({ step, train: { batch, seed } }: Plan, events: Events): EventOrder {
  const listFeature = sequenceFeature(step);
  const { units } = events;
  // The shards determine the order of their rows. Only the number of steps is needed here.
  if (units) {
    if (listFeature === undefined) return orderOfRows({ rows: units.count }, batch, seed);
    return {
      ...stepsOfWindows(units, (units.fresh ?? events.rows) + replayedEvents(events), batch),
      epoch(): never {
        invariant(false, 'rows are in memory');
      },
    };
  }
  if (listFeature !== undefined) {
    const { rows: rowCount, fresh } = events;
    const replayedCount = replayedEvents(events);
    const rows = (fresh?.length ?? rowCount) + replayedCount;
    const windows = windowsOf(events.features.get(listFeature)!, rowCount);
    if (!fresh) return orderOfWindows({ ...windows, count: windows.rows.length }, rows, batch, seed);
    const newWindows = windowsOfRows(windows, fresh);
    if (replayedCount === 0) return orderOfWindows(newWindows, rows, batch, seed);
    return orderOfWindows(newWindows, rows, batch, seed, {
      windows: windowsOfRows(windows, earlierEvents(events)),
      perWindow: events.replay!,
    });
  }
  if (hasRowPerUser(step)) return orderOfUsers(events, batch, seed);
  return orderOfRows(events, batch, seed);
}

type TrainedRows = Pick<Events, 'rows' | 'fresh' | 'replay'>;

function orderOfRows(events: TrainedRows, batch: number, seed: number): EventOrder {
  const rows = (events.fresh?.length ?? events.rows) + replayedEvents(events);
  const steps = stepsOfEpoch(rows, batch);
  return {
    rows,
    steps,
    leftOut: Math.max(0, rows - steps * batch),
    withoutList: 0,
    epoch: (number) => (events.fresh ? epochOfNew(events, batch, seed, number) : makeEpoch(rows, batch, seed, number)),
  };
}

/** Returns an order with one row for each user, that of its last event. In a run on new events, a user is new if any of its events is. */
function orderOfUsers({ user, fresh, ...events }: Events, batch: number, seed: number): EventOrder {
  const rowsOfUsers = lastRowsOfUsers({ user });
  const usersWithNew = fresh && new Set(Array.from(fresh, (row) => user[row]!));
  const newPositions =
    usersWithNew &&
    listRowIndexes(rowsOfUsers.length).filter((position) => usersWithNew.has(user[rowsOfUsers[position]!]!));
  const order = orderOfRows({ replay: events.replay, fresh: newPositions, rows: rowsOfUsers.length }, batch, seed);
  return {
    ...order,
    epoch(number) {
      const epoch = order.epoch(number);
      return { ...epoch, batch: (index) => epoch.batch(index).map((position) => rowsOfUsers[position]!) };
    },
  };
}

function epochOfNew(events: TrainedRows, batch: number, seed: number, number: number): Epoch {
  const newEvents = events.fresh!;
  const replayedCount = replayedEvents(events);
  const earlierRows = replayedCount === 0 ? undefined : earlierEvents(events);
  const drawnRows = drawReplayed(earlierRows?.length ?? 0, replayedCount, seed, number).map(
    (position) => earlierRows![position]!,
  );
  const rows = new Int32Array(drawnRows.length + newEvents.length);
  rows.set(drawnRows);
  rows.set(newEvents, drawnRows.length);
  rows.sort();
  const epoch = makeEpoch(rows.length, batch, seed, number);
  return { ...epoch, batch: (index) => epoch.batch(index).map((position) => rows[position]!) };
}

/** Returns the windows that have some of the rows as targets, with only these targets. */
function windowsOfRows({ rows, starts, members }: Windows, targets: Int32Array): OrderedWindows {
  const targetRows = new Set(targets);
  const keptMembers: number[] = [];
  const windowEnds = [0];
  for (let window = 0; window < rows.length; window++) {
    for (let index = starts[window]!; index < starts[window + 1]!; index++)
      if (targetRows.has(members[index]!)) keptMembers.push(members[index]!);
    if (keptMembers.length > windowEnds.at(-1)!) windowEnds.push(keptMembers.length);
  }
  return {
    targets: keptMembers.length,
    count: windowEnds.length - 1,
    starts: Int32Array.from(windowEnds),
    members: Int32Array.from(keptMembers),
  };
}

type OrderedWindows = Pick<Windows, 'targets' | 'starts' | 'members'> & { readonly count: number };

const targetsIn = ({ members, starts }: OrderedWindows, window: number): Int32Array =>
  members.subarray(starts[window]!, starts[window + 1]!);

/** Windows with earlier targets. An epoch adds `perWindow` of them for each window with new targets. */
interface ReplayedWindows {
  readonly windows: OrderedWindows;
  readonly perWindow: number;
}

/**
 * Returns an order of windows, which are shuffled and distributed over steps of about `batch` targets. The numbers of windows of two steps differ by at most one,
 * so each step has at least two targets if there are two windows.
 */
function orderOfWindows(
  newWindows: OrderedWindows,
  events: number,
  batch: number,
  seed: number,
  replay?: ReplayedWindows,
): EventOrder {
  const earlierWindows = replay?.windows ?? {
    targets: 0,
    count: 0,
    starts: Int32Array.of(0),
    members: new Int32Array(0),
  };
  const replayedCount = Math.min(earlierWindows.count, Math.round((replay?.perWindow ?? 0) * newWindows.count));
  const windowCount = newWindows.count + replayedCount;
  // The number of targets in the drawn windows varies a little between epochs, so this is their mean.
  const targetCount =
    newWindows.targets + Math.round((replayedCount / Math.max(1, earlierWindows.count)) * earlierWindows.targets);
  const counts = stepsOfWindows({ count: windowCount, targets: targetCount }, events, batch);
  return {
    ...counts,
    epoch(number) {
      const windowOrder = makeRandom(seed, orderStream, number).permutation(windowCount);
      const drawnWindows = drawReplayed(earlierWindows.count, replayedCount, seed, number);
      const targetsOf = (position: number): Int32Array =>
        position < newWindows.count
          ? targetsIn(newWindows, position)
          : targetsIn(earlierWindows, drawnWindows[position - newWindows.count]!);
      const { steps } = counts;
      const firstOf = (step: number): number => firstWindow(step, windowCount, steps);
      return {
        steps,
        // Columns are read faster in ascending order.
        batch: (index) => joinRows(windowOrder.subarray(firstOf(index), firstOf(index + 1)), targetsOf).sort(),
      };
    },
  };
}

/** @param events the number of events that an epoch may take */
function stepsOfWindows({ count, targets }: UnitCounts, events: number, batch: number): Omit<EventOrder, 'epoch'> {
  const maxSteps = Math.max(1, Math.floor(count / smallestBatch));
  const steps = count === 0 ? 0 : Math.min(maxSteps, Math.max(1, Math.round(targets / batch)));
  return {
    rows: targets,
    steps,
    leftOut: 0,
    withoutList: Math.max(0, events - targets),
    sequences: steps === 0 ? 0 : Math.ceil(count / steps),
  };
}

/** Returns the first of `count` windows that a step of `steps` takes. */
export const firstWindow = (step: number, count: number, steps: number): number => Math.floor((step * count) / steps);

/** Joins the rows of units. */
export const joinRows = (units: Int32Array, rowsOf: (unit: number) => Int32Array): Int32Array =>
  concatRows(Array.from(units, rowsOf));

export function concatRows(lists: readonly Int32Array[]): Int32Array {
  const rows = new Int32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let rowIndex = 0;
  for (const list of lists) {
    rows.set(list, rowIndex);
    rowIndex += list.length;
  }
  return rows;
}

/** Separates the draws of replay, which choose the earlier events or lists that an epoch adds to the new ones, from all other draws of the same seed. */
export const replayStream = 0x4e91;

/** Draws `count` of the numbers below `limit`, each at most once, ascending. @param epoch from 1 */
function drawReplayed(limit: number, count: number, seed: number, epoch: number): Int32Array {
  if (count === 0) return new Int32Array(0);
  const random = makeRandom(seed, replayStream, epoch);
  // Selection sampling takes one pass, and needs no list of all numbers (Knuth, vol. 2, algorithm S).
  const drawnNumbers = new Int32Array(count);
  for (let index = 0, drawnCount = 0; drawnCount < count; index++) {
    if (random.next() * (limit - index) < count - drawnCount) drawnNumbers[drawnCount++] = index;
  }
  return drawnNumbers;
}

/** Minimum rows of a batch: a softmax over one item has no gradient, and a loss of 0 that means nothing. */
export const smallestBatch = 2;

/** An epoch whose rows may have to be read from files first. */
export interface AnyEpoch {
  readonly steps: number;
  /** Returns the rows of step `index` (from 0), ascending; may be a view. */
  batch(index: number): Int32Array | Promise<Int32Array>;
}

export interface Epoch extends AnyEpoch {
  batch(index: number): Int32Array;
}

export const orderStream = 0x0e9c;

/**
 * Returns an epoch with every row once, in batches of `batch`. The last batch has the remaining rows, but a single one is left out (and the next epoch's order puts
 * it elsewhere). The rows of a batch are drawn; no loss depends on their order within it, and columns are read faster in ascending order. @param epoch from 1
 */
export function makeEpoch(rows: number, batch: number, seed: number, epoch: number): Epoch {
  const rowOrder = ascendingInBatches(makeRandom(seed, orderStream, epoch).permutation(rows), batch);
  return {
    steps: stepsOfEpoch(rows, batch),
    batch: (index) => rowOrder.subarray(index * batch, Math.min(rows, (index + 1) * batch)),
  };
}

/** Keeps the rows of each batch, and puts every batch in ascending order, by distributing the rows from the first to the last. */
function ascendingInBatches(drawnOrder: Int32Array, batch: number): Int32Array {
  const batchOf = new Int32Array(drawnOrder.length);
  drawnOrder.forEach((row, position) => {
    batchOf[row] = position / batch;
  });
  const nextSlot = Int32Array.from({ length: Math.ceil(drawnOrder.length / batch) }, (_, index) => index * batch);
  const rowOrder = new Int32Array(drawnOrder.length);
  for (let row = 0; row < drawnOrder.length; row++) rowOrder[nextSlot[batchOf[row]!]!++] = row;
  return rowOrder;
}

export function stepsOfEpoch(rows: number, batch: number): number {
  const fullBatches = Math.floor(rows / batch);
  return rows - fullBatches * batch >= Math.min(smallestBatch, batch) ? fullBatches + 1 : fullBatches;
}

/** Returns the steps of the whole run: `steps`, or those of `epochs`; 0 if an epoch has no steps. */
export const totalSteps = (
  { steps, epochs }: Pick<TrainPlan, 'steps' | 'epochs'>,
  order: Pick<EventOrder, 'steps'>,
): number => (order.steps === 0 ? 0 : (steps ?? epochs * order.steps));

export type Rounds<E extends AnyEpoch = Epoch> = ReturnType<typeof roundsOf<E>>;

/**
 * Returns the rounds of a run: a round is a number of steps with a record and a checkpoint at its end. It is an epoch, unless `validate` counts steps.
 * @param earlierEpochs number of epochs in earlier runs: each epoch has an order of its own
 */
export function roundsOf<E extends AnyEpoch>(
  train: Pick<TrainPlan, 'steps' | 'epochs' | 'validate'>,
  order: EventOrder<E>,
  earlierEpochs = 0,
) {
  const total = totalSteps(train, order);
  const stepsPerRound = train.validate?.steps ?? order.steps;
  const validateEvery = train.validate?.epochs ?? 1;
  let lastEpoch: { readonly number: number; readonly epoch: E } | undefined;
  const epochOf = (number: number): E => {
    if (lastEpoch?.number !== number) lastEpoch = { number, epoch: order.epoch(earlierEpochs + number) };
    return lastEpoch.epoch;
  };
  return {
    total,
    /** Number of steps in a full round. The first round after a resume and the last round of the run may be shorter. */
    stepsPerRound: stepsPerRound,
    /** Returns the batches of a round that begins after step `start`. It ends at the next multiple of `each`, or with the run. */
    round: (start: number): Pick<E, 'steps' | 'batch'> => ({
      steps: Math.min(total, (Math.floor(start / stepsPerRound) + 1) * stepsPerRound) - start,
      batch: (index) => {
        const step = start + index;
        return epochOf(Math.floor(step / order.steps) + 1).batch(step % order.steps) as ReturnType<E['batch']>;
      },
    }),
    validations: Math.ceil(Math.ceil(total / stepsPerRound) / validateEvery),
    /** Returns the number of the round that ends with this validation. Both count from 1. */
    roundOf: (validation: number): number => Math.min(Math.ceil(total / stepsPerRound), validation * validateEvery),
    endsWithValidation: (number: number, end: number): boolean => end >= total || number % validateEvery === 0,
    /** Returns the number of validations after the one at the end of round `best`, up to and including the end of round `now`. */
    validationsSince: (best: number, now: number): number =>
      Math.floor(now / validateEvery) - Math.floor(best / validateEvery),
  };
}
