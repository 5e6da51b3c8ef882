/** Histories of `others(…)`: the windows of events without regard to time. */

import { makeRandom } from '../../base/random/random.ts';
import { type ListWindows, makeTimeline } from './past_events.ts';
import type { Stream } from './split.ts';

/**
 * The other events of each user, without regard to time: an event sees the user's other past events in an order that is drawn once, but not itself. Each user's
 * events form a ring that is stored twice in a row, so that an event sees one window: the events after it on the ring.
 */
interface Rings {
  /** The past events. User u has `order[2 · starts[u] … 2 · starts[u + 1])`, each event twice. */
  readonly order: Int32Array;
  /** Number of past events of all users before u. */
  readonly starts: Int32Array;
  /** The index of each event on its ring, from 0; −1 for an event that is not past. */
  readonly placeOf: Int32Array;
}

const ringStream = 0x417e;

/** Makes rings from the events whose mark in `isPast` is 1. The same events always produce the same rings. */
export function makeRings(stream: Stream, isPast: Uint8Array): Rings {
  const { order, starts } = makeTimeline(stream, isPast);
  const random = makeRandom(ringStream, order.length);
  const ring = new Int32Array(2 * order.length);
  const placeOf = new Int32Array(stream.user.length).fill(-1);
  for (let u = 0; u < stream.users; u++) {
    const [start, length] = [starts[u]!, starts[u + 1]! - starts[u]!];
    const ringStart = 2 * start;
    // The inside-out shuffle of Fisher and Yates.
    for (let i = 0; i < length; i++) {
      const j = random.integer(i + 1);
      ring[ringStart + i] = ring[ringStart + j]!;
      ring[ringStart + j] = order[start + i]!;
    }
    for (let i = 0; i < length; i++) {
      placeOf[ring[ringStart + i]!] = i;
      ring[ringStart + length + i] = ring[ringStart + i]!;
    }
  }
  return { order: ring, starts, placeOf };
}

/** Returns the window of at most `max` events of the ring that each event in `targets` sees: all other events of its user, or the next ones. */
export function windowsAround(
  { user }: Stream,
  { starts, placeOf }: Rings,
  targets: Int32Array,
  max: number,
): ListWindows {
  const windowStarts = new Int32Array(targets.length);
  const windowEnds = new Int32Array(targets.length);
  for (let i = 0; i < targets.length; i++) {
    const event = targets[i]!;
    const u = user[event]!;
    if (u < 0) continue;
    const ringIndex = placeOf[event]!;
    const otherCount = starts[u + 1]! - starts[u]! - (ringIndex < 0 ? 0 : 1);
    windowStarts[i] = 2 * starts[u]! + ringIndex + 1;
    windowEnds[i] = windowStarts[i]! + Math.min(max, otherCount);
  }
  return { starts: windowStarts, ends: windowEnds };
}

/** Returns the window of each user without an event of its own: at most `max` events of the ring. */
export function wholeRings({ starts }: Rings, max: number): ListWindows {
  const windowStarts = starts.subarray(0, -1).map((start) => 2 * start);
  return {
    starts: windowStarts,
    ends: windowStarts.map((start, u) => start + Math.min(max, starts[u + 1]! - starts[u]!)),
  };
}
