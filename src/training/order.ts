/** The events that each step of a run takes. */
import type { Events } from '../data/dataset.ts';
import { earlierEvents, replayedEvents } from '../data/rows/replayed.ts';
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
  const replayed = replayedEvents(events);
  const rows = (fresh?.length ?? all) + replayed;
  const list = sequenceFeature(step);
  if (list !== undefined) {
    const windows = windowsOf(events.features.get(list)!, all);
    if (!fresh) return orderOfWindows({ ...windows, count: windows.rows.length }, rows, batch, seed);
    const own = windowsOfRows(windows, fresh);
    if (replayed === 0) return orderOfWindows(own, rows, batch, seed);
    return orderOfWindows(own, rows, batch, seed, {
      windows: windowsOfRows(windows, earlierEvents(events)),
      perWindow: events.replay!,
    });
  }
  const steps = stepsOfEpoch(rows, batch);
  return {
    rows,
    steps,
    leftOut: Math.max(0, rows - steps * batch),
    withoutList: 0,
    epoch: (number) => (fresh ? epochOfNew(events, batch, seed, number) : makeEpoch(rows, batch, seed, number)),
  };
}

/** New events, and the earlier ones that are drawn for the epoch. */
function epochOfNew(events: Events, batch: number, seed: number, number: number): Epoch {
  const fresh = events.fresh!;
  const replayed = replayedEvents(events);
  const earlier = replayed === 0 ? undefined : earlierEvents(events);
  const drawn = drawReplayed(earlier?.length ?? 0, replayed, seed, number).map((place) => earlier![place]!);
  const rows = new Int32Array(drawn.length + fresh.length);
  rows.set(drawn);
  rows.set(fresh, drawn.length);
  rows.sort();
  const epoch = makeEpoch(rows.length, batch, seed, number);
  return { ...epoch, batch: (index) => epoch.batch(index).map((place) => rows[place]!) };
}

/** The windows that have some of the rows as targets, with these alone. */
function windowsOfRows({ rows, starts, members }: Windows, targets: Int32Array): OrderedWindows {
  const wanted = new Set(targets);
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

/** Of windows with earlier targets, so many join an epoch for each window with new ones. */
interface ReplayedWindows {
  readonly windows: OrderedWindows;
  readonly perWindow: number;
}

/**
 * Windows in a random order, dealt out to as many steps as give each about `batch` targets. All steps have as many windows, or one
 * more, and so two targets at least where there are two windows.
 */
function orderOfWindows(
  own: OrderedWindows,
  events: number,
  batch: number,
  seed: number,
  replay?: ReplayedWindows,
): Order {
  const earlier = replay?.windows ?? { targets: 0, count: 0, starts: Int32Array.of(0), members: new Int32Array(0) };
  const replayed = Math.min(earlier.count, Math.round((replay?.perWindow ?? 0) * own.count));
  const count = own.count + replayed;
  // How many targets the drawn windows have differs a little from epoch to epoch.
  const targets = own.targets + Math.round((replayed / Math.max(1, earlier.count)) * earlier.targets);
  const most = Math.max(1, Math.floor(count / smallestBatch));
  const steps = count === 0 ? 0 : Math.min(most, Math.max(1, Math.round(targets / batch)));
  return {
    rows: targets,
    steps,
    leftOut: 0,
    withoutList: Math.max(0, events - targets),
    sequences: steps === 0 ? 0 : Math.ceil(count / steps),
    epoch(number) {
      const order = makeRandom(seed, orderStream, number).permutation(count);
      const drawn = drawReplayed(earlier.count, replayed, seed, number);
      const targetsOf = (place: number): Int32Array =>
        place < own.count
          ? own.members.subarray(own.starts[place]!, own.starts[place + 1]!)
          : earlier.members.subarray(
              earlier.starts[drawn[place - own.count]!]!,
              earlier.starts[drawn[place - own.count]! + 1]!,
            );
      const firstOf = (step: number): number => Math.floor((step * count) / steps);
      return {
        steps,
        batch(index) {
          const lists = Array.from(order.subarray(firstOf(index), firstOf(index + 1)), targetsOf);
          const rows = new Int32Array(lists.reduce((sum, { length }) => sum + length, 0));
          let at = 0;
          for (const list of lists) {
            rows.set(list, at);
            at += list.length;
          }
          // Columns are read faster in ascending order.
          return rows.sort();
        },
      };
    },
  };
}

// Draws of replay: which earlier events, or lists, an epoch adds to the new ones.

/** Sets these draws apart from all others of the same seed. */
const replayStream = 0x4e91;

/** `count` of the numbers below `below`, each once at most, ascending. @param epoch from 1 */
function drawReplayed(below: number, count: number, seed: number, epoch: number): Int32Array {
  if (count === 0) return new Int32Array(0);
  const random = makeRandom(seed, replayStream, epoch);
  // Selection sampling: one pass, and no list of all of them (Knuth, vol. 2, algorithm S).
  const drawn = new Int32Array(count);
  for (let at = 0, had = 0; had < count; at++) {
    if (random.next() * (below - at) < count - had) drawn[had++] = at;
  }
  return drawn;
}
