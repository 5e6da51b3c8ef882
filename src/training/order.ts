/** The events that each step of a run takes. */
import type { Events } from '../data/dataset.ts';
import { type Windows, windowsOf } from '../feed/windows.ts';
import { type Plan, sequenceFeature } from '../plan/plan.ts';
import { makeRandom } from '../random/random.ts';
import { type AnyEpoch, type Epoch, makeEpoch, orderStream, smallestBatch, stepsOfEpoch } from './batches.ts';

export interface Order<E extends AnyEpoch = Epoch> {
  /** Events that an epoch may take: the training rows, or those with a list where the targets are positions. */
  readonly rows: number;
  readonly steps: number;
  /** Of `rows`, those that each epoch leaves out, since they are too few for a batch. */
  readonly leftOut: number;
  /** Training rows that are the target of no position, since nothing is before them. */
  readonly withoutList: number;
  /** Most sequences of a step, where the targets are positions. */
  readonly sequences?: number;
  /** @param number from 1 */
  epoch(number: number): E;
}

export function orderOf({ step, train: { batch, seed } }: Plan, events: Events): Order {
  const { rows: all, fresh } = events;
  const rows = fresh?.length ?? all;
  const list = sequenceFeature(step);
  if (list !== undefined) {
    const windows = windowsOf(events.features.get(list)!, all);
    return orderOfWindows(
      fresh ? windowsOfRows(windows, fresh) : { ...windows, count: windows.rows.length },
      rows,
      batch,
      seed,
    );
  }
  const steps = stepsOfEpoch(rows, batch);
  return {
    rows,
    steps,
    leftOut: Math.max(0, rows - steps * batch),
    withoutList: 0,
    epoch: (number) => (fresh ? epochOfRows(fresh, batch, seed, number) : makeEpoch(rows, batch, seed, number)),
  };
}

/** @param fresh ascending */
function epochOfRows(fresh: Int32Array, batch: number, seed: number, number: number): Epoch {
  const epoch = makeEpoch(fresh.length, batch, seed, number);
  return { ...epoch, batch: (index) => epoch.batch(index).map((place) => fresh[place]!) };
}

/** The windows that have some of the rows as targets, with these alone. */
function windowsOfRows({ rows, starts, members }: Windows, fresh: Int32Array): OrderedWindows {
  const wanted = new Set(fresh);
  const kept: number[] = [];
  const ends = [0];
  for (let window = 0; window < rows.length; window++) {
    for (let at = starts[window]!; at < starts[window + 1]!; at++)
      if (wanted.has(members[at]!)) kept.push(members[at]!);
    if (kept.length > ends.at(-1)!) ends.push(kept.length);
  }
  return {
    targets: kept.length,
    count: ends.length - 1,
    starts: Int32Array.from(ends),
    members: Int32Array.from(kept),
  };
}

/** As far as an order asks. */
type OrderedWindows = Pick<Windows, 'targets' | 'starts' | 'members'> & { readonly count: number };

/**
 * Windows in a random order, dealt out to as many steps as give each about `batch` targets. All steps have as many windows, or one
 * more, and so two targets at least where there are two windows.
 */
function orderOfWindows(windows: OrderedWindows, events: number, batch: number, seed: number): Order {
  const { targets, count, starts, members } = windows;
  const most = Math.max(1, Math.floor(count / smallestBatch));
  const steps = count === 0 ? 0 : Math.min(most, Math.max(1, Math.round(targets / batch)));
  return {
    rows: targets,
    steps,
    leftOut: 0,
    withoutList: events - targets,
    sequences: steps === 0 ? 0 : Math.ceil(count / steps),
    epoch(number) {
      const order = makeRandom(seed, orderStream, number).permutation(count);
      const firstOf = (step: number): number => Math.floor((step * count) / steps);
      return {
        steps,
        batch(index) {
          const drawn = order.subarray(firstOf(index), firstOf(index + 1));
          const rows = new Int32Array(drawn.reduce((sum, window) => sum + starts[window + 1]! - starts[window]!, 0));
          let at = 0;
          for (const window of drawn) {
            rows.set(members.subarray(starts[window]!, starts[window + 1]!), at);
            at += starts[window + 1]! - starts[window]!;
          }
          // Columns are read faster in ascending order.
          return rows.sort();
        },
      };
    },
  };
}
