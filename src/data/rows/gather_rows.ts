/** Gathers rows of typed arrays in plain loops, because `TypedArray.from` and iterators are several times slower, and finds the past events of each user. */
import type { BagColumn, Events } from '../dataset.ts';

/** Returns `values[rows[i]]`. */
export function gatherCodes(values: Int32Array, rows: Int32Array): Int32Array {
  const gathered = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) gathered[i] = values[rows[i]!]!;
  return gathered;
}

export function gatherNumbers<T extends Float32Array | Float64Array>(
  values: Float32Array | Float64Array,
  rows: Int32Array,
  into: T,
): T {
  for (let i = 0; i < rows.length; i++) into[i] = values[rows[i]!]!;
  return into;
}

/** Returns the indexes at which `marks` equals `mark`, in ascending order. */
export function indexesOf(marks: Uint8Array, mark: number): Int32Array {
  let markedCount = 0;
  for (let index = 0; index < marks.length; index++) if (marks[index] === mark) markedCount++;
  const indexes = new Int32Array(markedCount);
  for (let index = 0, length = 0; index < marks.length; index++) if (marks[index] === mark) indexes[length++] = index;
  return indexes;
}

/** Returns the indexes that sort numbers in ascending order, stably, by a radix sort of four passes over 16 bits each (least significant first). */
export function ascendingIndexes(values: ArrayLike<number>): Int32Array {
  const valueCount = values.length;
  let indexes = new Int32Array(valueCount);
  let isSorted = true;
  for (let index = 0; index < valueCount; index++) {
    indexes[index] = index;
    if (index > 0 && values[index]! < values[index - 1]!) isSorted = false;
  }
  if (isSorted) return indexes;
  const keys = keysOf(values);
  let next = new Int32Array(valueCount);
  const counts = new Int32Array(2 ** 16 + 1);
  for (let digit = 0; digit < 4; digit++) {
    counts.fill(0);
    for (let index = 0; index < valueCount; index++) counts[keys[4 * index + digit]! + 1]!++;
    for (let digitValue = 0; digitValue < 2 ** 16; digitValue++) counts[digitValue + 1]! += counts[digitValue]!;
    for (let index = 0; index < valueCount; index++) {
      const source = indexes[index]!;
      next[counts[keys[4 * source + digit]!]!++] = source;
    }
    [indexes, next] = [next, indexes];
  }
  return indexes;
}

/** Returns the bits of each number, mapped so that they order like the numbers, as four digits of 16 bits, the lowest first. */
function keysOf(values: ArrayLike<number>): Uint16Array {
  const numbers = Float64Array.from(values, (value) => value + 0);
  const halves = new Uint32Array(numbers.buffer);
  for (let index = 0; index < numbers.length; index++) {
    const high = halves[2 * index + 1]!;
    if (high >>> 31 === 1) {
      halves[2 * index] = ~halves[2 * index]!;
      halves[2 * index + 1] = ~high;
    } else halves[2 * index + 1] = high ^ 0x80000000;
  }
  return new Uint16Array(numbers.buffer);
}

// The past of each user is a window on the user's timeline. An event sees only strictly earlier events, so neither itself nor others with the same time.

/** Events sorted by time. All arrays have one element for each event. */
export interface Stream {
  /** Indexes 0 … users − 1; −1 for an event without a user. */
  readonly user: Int32Array;
  readonly users: number;
  /** Ascending times. Absent if each event is later than the one before. */
  readonly times?: ArrayLike<number>;
}

export interface Timeline {
  /** The past events, grouped by user and sorted by time. */
  readonly order: Int32Array;
  /** User u has `order[starts[u] … starts[u + 1])`. */
  readonly starts: Int32Array;
}

/** Makes each user's timeline from the events whose mark in `isPast` is 1. */
export function makeTimeline({ user, users }: Stream, isPast: Uint8Array): Timeline {
  const starts = new Int32Array(users + 1);
  for (let event = 0; event < user.length; event++)
    if (isPast[event] === 1 && user[event]! >= 0) starts[user[event]! + 1]!++;
  for (let u = 0; u < users; u++) starts[u + 1]! += starts[u]!;
  const order = new Int32Array(starts[users]!);
  const nextIndexes = starts.slice();
  for (let event = 0; event < user.length; event++) {
    if (isPast[event] === 1 && user[event]! >= 0) order[nextIndexes[user[event]!]!++] = event;
  }
  return { order, starts };
}

/** The bounds of one window for each event. */
export type ListWindows = Omit<BagColumn, 'kind' | 'values'>;

/** Returns the window of at most `max` elements of the timeline that each event in `targets` sees. */
export function windowsBefore(
  { user, times }: Stream,
  isPast: Uint8Array,
  timeline: Timeline,
  targets: Int32Array,
  max: number,
): ListWindows {
  const starts = new Int32Array(targets.length);
  const ends = new Int32Array(targets.length);
  // The end of each user's timeline, counting only events strictly earlier than the current time.
  const timelineEnds = timeline.starts.slice();
  let event = 0;
  let nextTarget = 0;
  while (event < user.length) {
    let sameTimeEnd = event + 1;
    while (times !== undefined && sameTimeEnd < user.length && times[sameTimeEnd] === times[event]) sameTimeEnd++;
    for (; nextTarget < targets.length && targets[nextTarget]! < sameTimeEnd; nextTarget++) {
      const u = user[targets[nextTarget]!]!;
      if (u < 0) continue;
      ends[nextTarget] = timelineEnds[u]!;
      starts[nextTarget] = Math.max(timeline.starts[u]!, timelineEnds[u]! - max);
    }
    for (; event < sameTimeEnd; event++) if (isPast[event] === 1 && user[event]! >= 0) timelineEnds[user[event]!]!++;
  }
  return { starts, ends };
}

/** Returns the last `max` elements of each user's timeline. */
export function windowsAfter(timeline: Timeline, max = Number.POSITIVE_INFINITY): ListWindows {
  const ends = timeline.starts.slice(1);
  const starts = ends.map((end, u) => Math.max(timeline.starts[u]!, end - max));
  return { starts, ends };
}

/** Returns for each event the whole window of its user, which has the event itself too; an empty one without a user. */
export function windowsOfUsers({ starts, ends }: ListWindows, { user }: Stream, targets: Int32Array): ListWindows {
  const users = gatherCodes(user, targets);
  return {
    starts: users.map((u) => (u < 0 ? 0 : starts[u]!)),
    ends: users.map((u) => (u < 0 ? 0 : ends[u]!)),
  };
}

/** Returns the last event of each user, which stands for the user if the rows of a step are users: ascending rows. */
export function lastRowsOfUsers({ user }: Pick<Events, 'user'>): Int32Array {
  const lastRowOf = new Map<number, number>();
  user.forEach((u, row) => {
    if (u >= 0) lastRowOf.set(u, row);
  });
  return Int32Array.from(lastRowOf.values()).sort();
}
