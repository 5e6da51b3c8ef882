/**
 * The past of each user: windows on one timeline a user. An event sees only events that are strictly earlier; events of one time do not see
 * one another, nor themselves, nor anything later.
 */
import type { BagColumn } from '../dataset.ts';

/** Events in the order of time; all arrays have one element an event. */
export interface Stream {
  /** 0 … users − 1; −1: no user. */
  readonly user: Int32Array;
  readonly users: number;
  /** Ascending. Absent: every event is later than those before it. */
  readonly times?: ArrayLike<number>;
}

export interface Timeline {
  /** The past events, each user's together and in the order of time. */
  readonly order: Int32Array;
  /** User u has `order[starts[u] … starts[u + 1])`. */
  readonly starts: Int32Array;
}

/** Makes each user's timeline of the events that `isPast` marks with 1. */
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

/** Returns the window of at most `max` elements of the timeline that each event of `targets` sees. */
export function windowsBefore(
  { user, times }: Stream,
  isPast: Uint8Array,
  timeline: Timeline,
  targets: Int32Array,
  max: number,
): { readonly starts: Int32Array; readonly ends: Int32Array } {
  const starts = new Int32Array(targets.length);
  const ends = new Int32Array(targets.length);
  // The end of each user's timeline so far, counting only what is strictly earlier than the present time.
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

/** Returns the last `max` elements of every user's timeline: the window after their last past event. */
export function windowsAfter(timeline: Timeline, max = Number.POSITIVE_INFINITY): Omit<BagColumn, 'kind' | 'values'> {
  const ends = timeline.starts.slice(1);
  const starts = ends.map((end, u) => Math.max(timeline.starts[u]!, end - max));
  return { starts, ends };
}
