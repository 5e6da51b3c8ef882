/**
 * What each user did before: windows on one timeline a user. An event sees only events that are strictly earlier; events of one
 * time do not see one another, nor themselves, nor anything later.
 */
import type { BagColumn } from '../dataset.ts';

/** Events in the order of time; all arrays have one element an event. */
export interface Stream {
  /** 0 … users − 1; −1: nobody's. */
  readonly user: Int32Array;
  readonly users: number;
  /** Ascending. Absent: every event is later than those before it. */
  readonly times?: ArrayLike<number>;
}

export interface Timeline {
  /** The remembered events, each user's together and in the order of time. */
  readonly order: Int32Array;
  /** User u has `order[starts[u] … starts[u + 1])`. */
  readonly starts: Int32Array;
}

/** Each user's timeline of the events that `remembered` marks with 1. */
export function makeTimeline({ user, users }: Stream, remembered: Uint8Array): Timeline {
  const starts = new Int32Array(users + 1);
  for (let at = 0; at < user.length; at++) if (remembered[at] === 1 && user[at]! >= 0) starts[user[at]! + 1]!++;
  for (let u = 0; u < users; u++) starts[u + 1]! += starts[u]!;
  const order = new Int32Array(starts[users]!);
  const next = starts.slice();
  for (let at = 0; at < user.length; at++) {
    if (remembered[at] === 1 && user[at]! >= 0) order[next[user[at]!]!++] = at;
  }
  return { order, starts };
}

/** The window of at most `max` elements of the timeline that each event of `asked` sees. Shapes: one window an asked event. */
export function windowsBefore(
  { user, times }: Stream,
  remembered: Uint8Array,
  timeline: Timeline,
  asked: Int32Array,
  max: number,
): { readonly starts: Int32Array; readonly ends: Int32Array } {
  const starts = new Int32Array(asked.length);
  const ends = new Int32Array(asked.length);
  // Where each user's timeline has got to, counting only what is strictly earlier than the present time.
  const reached = timeline.starts.slice();
  let at = 0;
  let next = 0;
  while (at < user.length) {
    let end = at + 1;
    while (times !== undefined && end < user.length && times[end] === times[at]) end++;
    for (; next < asked.length && asked[next]! < end; next++) {
      const u = user[asked[next]!]!;
      if (u < 0) continue;
      ends[next] = reached[u]!;
      starts[next] = Math.max(timeline.starts[u]!, reached[u]! - max);
    }
    for (; at < end; at++) if (remembered[at] === 1 && user[at]! >= 0) reached[user[at]!]!++;
  }
  return { starts, ends };
}

/** The last `max` elements of every user's timeline: what they see after their last remembered event. */
export function windowsAfter(timeline: Timeline, max = Number.POSITIVE_INFINITY): Omit<BagColumn, 'kind' | 'values'> {
  const ends = timeline.starts.slice(1);
  const starts = ends.map((end, u) => Math.max(timeline.starts[u]!, end - max));
  return { starts, ends };
}
