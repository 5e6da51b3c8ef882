/** The item vectors of past batches, and the events that they were of. */
import type { QueueRows } from '../plan/plan.ts';

export interface Queue {
  /** float32 [count, width]; zeros where there is none. */
  readonly vectors: Float32Array;
  /** Rows of the events; 0 where there is none. */
  rows(): Int32Array;
  /** 1 where there is none, or where none counts yet: float32 [count]. */
  empty(step: number): Float32Array;
  /** Puts the vectors of a batch over the oldest: float32 [rows, width]. */
  push(rows: Int32Array, vectors: Float32Array): void;
  /** What a checkpoint must hold. */
  state(): Readonly<Record<string, Float32Array | Int32Array>>;
}

/** One queue a task. */
export function makeQueues(): (of: QueueRows) => Queue {
  const known = new Map<string, Queue>();
  return (of) => {
    const queue = known.get(of.task) ?? makeQueue(of);
    known.set(of.task, queue);
    return queue;
  };
}

/** A ring. */
export function makeQueue({ count, width, after }: QueueRows): Queue {
  const vectors = new Float32Array(count * width);
  const events = new Int32Array(count).fill(-1);
  const next = new Int32Array(1);
  const read = new Int32Array(count);
  const none = new Float32Array(count);
  return {
    vectors,
    rows() {
      for (let at = 0; at < count; at++) read[at] = Math.max(0, events[at]!);
      return read;
    },
    empty(step) {
      for (let at = 0; at < count; at++) none[at] = step <= after || events[at]! < 0 ? 1 : 0;
      return none;
    },
    push(rows, values) {
      // Of a batch that is larger than the queue, its end.
      for (let i = Math.max(0, rows.length - count); i < rows.length; i++) {
        const at = next[0]!;
        events[at] = rows[i]!;
        vectors.set(values.subarray(i * width, (i + 1) * width), at * width);
        next[0] = (at + 1) % count;
      }
    },
    state: () => ({ vectors, events, next }),
  };
}
