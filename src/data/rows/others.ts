/**
 * What else each user had, without time: an event sees the user's other remembered events, in an order drawn once, and never itself.
 * Each user's events are on a ring, written twice in a row, so what an event sees is one window: the events after it on the ring.
 */
import { makeRandom } from '../../random/random.ts';
import type { BagColumn } from '../dataset.ts';
import { makeTimeline, type Stream } from './history.ts';

export interface Rings {
  /** The remembered events. User u has `order[2 · starts[u] … 2 · starts[u + 1])`, all of them twice. */
  readonly order: Int32Array;
  /** How many remembered events users before u have. */
  readonly starts: Int32Array;
  /** The place of each event on its ring, from 0; −1: it is not remembered. */
  readonly placeOf: Int32Array;
}

/** Sets this draw apart from all others. */
const ringStream = 0x417e;

/** Rings of the events that `remembered` marks with 1. The same events give the same rings. */
export function makeRings(stream: Stream, remembered: Uint8Array): Rings {
  const { order, starts } = makeTimeline(stream, remembered);
  const random = makeRandom(ringStream, order.length);
  const ring = new Int32Array(2 * order.length);
  const placeOf = new Int32Array(stream.user.length).fill(-1);
  for (let u = 0; u < stream.users; u++) {
    const [start, length] = [starts[u]!, starts[u + 1]! - starts[u]!];
    const from = 2 * start;
    // Fisher and Yates, inside out.
    for (let i = 0; i < length; i++) {
      const j = random.integer(i + 1);
      ring[from + i] = ring[from + j]!;
      ring[from + j] = order[start + i]!;
    }
    for (let i = 0; i < length; i++) {
      placeOf[ring[from + i]!] = i;
      ring[from + length + i] = ring[from + i]!;
    }
  }
  return { order: ring, starts, placeOf };
}

/** The window of at most `max` events of the ring that each event of `asked` sees: all others of its user, or the next ones. */
export function windowsAround(
  { user }: Stream,
  { starts, placeOf }: Rings,
  asked: Int32Array,
  max: number,
): Omit<BagColumn, 'kind' | 'values'> {
  const first = new Int32Array(asked.length);
  const last = new Int32Array(asked.length);
  for (let i = 0; i < asked.length; i++) {
    const event = asked[i]!;
    const u = user[event]!;
    if (u < 0) continue;
    const place = placeOf[event]!;
    const others = starts[u + 1]! - starts[u]! - (place < 0 ? 0 : 1);
    first[i] = 2 * starts[u]! + place + 1;
    last[i] = first[i]! + Math.min(max, others);
  }
  return { starts: first, ends: last };
}

/** What every user has, as seen from no event: at most `max` of the ring. */
export function wholeRings({ starts }: Rings, max: number): Omit<BagColumn, 'kind' | 'values'> {
  const first = starts.subarray(0, -1).map((start) => 2 * start);
  return { starts: first, ends: first.map((start, u) => start + Math.min(max, starts[u + 1]! - starts[u]!)) };
}
