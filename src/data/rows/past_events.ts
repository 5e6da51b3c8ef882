/**
 * Finds the past events of each user. The past is a window on the user's timeline: an event sees only strictly earlier events, so neither itself nor others
 * with the same time.
 */
import type { BagColumn, Part } from '../dataset.ts';
import { gatherCodes } from './gather_rows.ts';
import { givenMark, parts, type Stream } from './split.ts';

/** Events sorted by time, each with its part. */
export interface PartedEvents {
  readonly stream: Stream;
  /** The index in `parts` of each event, or `givenMark`. */
  readonly part: Uint8Array;
  /** True if held-out users give some of their events, which alone are their history. */
  readonly hasGiven: boolean;
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
  return { starts: users.map((u) => (u < 0 ? 0 : starts[u]!)), ends: users.map((u) => (u < 0 ? 0 : ends[u]!)) };
}

/** The events that events of a part may see: those of this part and of earlier ones. */
export interface PastEvents {
  /** 1 for each past event. */
  readonly marks: Uint8Array;
  readonly timeline: Timeline;
  /** True: an event sees all of them that its user has, and not only earlier ones. */
  readonly isWhole?: true;
}

export function pastEventsOf({ part, stream, hasGiven }: PartedEvents, seeingPart: Part): PastEvents {
  if (hasGiven && seeingPart !== 'train') {
    const marks = part.map((partIndex) => (partIndex === 0 || partIndex === givenMark ? 1 : 0));
    return { marks, timeline: makeTimeline(stream, marks), isWhole: true };
  }
  const lastPart = parts.indexOf(seeingPart);
  const marks = part.map((partIndex) => (partIndex <= lastPart ? 1 : 0));
  return { marks, timeline: makeTimeline(stream, marks) };
}

/** Returns the events up to a part, those that held-out users give included. */
export function knownEventsOf({ part, stream }: PartedEvents, lastKnown: Part): PastEvents {
  const lastPart = parts.indexOf(lastKnown);
  const marks = part.map((partIndex) => (partIndex <= lastPart || partIndex === givenMark ? 1 : 0));
  return { marks, timeline: makeTimeline(stream, marks) };
}

/** Returns the window of at most `max` past events that each event in `targets` sees. */
export function pastWindows(stream: Stream, past: PastEvents, targets: Int32Array, max: number): ListWindows {
  if (!past.isWhole) return windowsBefore(stream, past.marks, past.timeline, targets, max);
  return windowsOfUsers(windowsAfter(past.timeline, max), stream, targets);
}

/** Returns the events before a time, in the unit of the stream. */
export function eventsBefore({ part, stream }: PartedEvents, time: number): PastEvents {
  const marks = part.map((_, event) => (stream.times![event]! < time ? 1 : 0));
  return { marks, timeline: makeTimeline(stream, marks) };
}
