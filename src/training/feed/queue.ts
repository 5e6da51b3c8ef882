/** Keeps the item vectors of past batches, and the events that they were of. */
import type { QueueRows } from '../../graph/plan/plan.ts';

export interface VectorQueue {
  /** float32 [count, width]; zeros where there is none. */
  readonly vectors: Float32Array;
  /** Rows of the events; 0 where there is none. */
  rows(): Int32Array;
  /** 1 where there is none, or where none counts yet: float32 [count]. */
  empty(step: number): Float32Array;
  /** Puts the vectors of a batch over the oldest: float32 [rows, width]. */
  push(rows: Int32Array, vectors: Float32Array): void;
  state(): Readonly<Record<string, Float32Array | Int32Array>>;
}

export function makeQueues(): (of: QueueRows) => VectorQueue {
  const queueOfTask = new Map<string, VectorQueue>();
  return (of) => {
    const queue = queueOfTask.get(of.task) ?? makeQueue(of);
    queueOfTask.set(of.task, queue);
    return queue;
  };
}

export function makeQueue({ count, width, after }: QueueRows): VectorQueue {
  const vectors = new Float32Array(count * width);
  const events = new Int32Array(count).fill(-1);
  const nextSlot = new Int32Array(1);
  const rowsRead = new Int32Array(count);
  const emptyFlags = new Float32Array(count);
  return {
    vectors,
    rows() {
      for (let at = 0; at < count; at++) rowsRead[at] = Math.max(0, events[at]!);
      return rowsRead;
    },
    empty(step) {
      for (let at = 0; at < count; at++) emptyFlags[at] = step <= after || events[at]! < 0 ? 1 : 0;
      return emptyFlags;
    },
    push(rows, values) {
      // Of a batch that is larger than the queue, its end.
      for (let i = Math.max(0, rows.length - count); i < rows.length; i++) {
        const at = nextSlot[0]!;
        events[at] = rows[i]!;
        vectors.set(values.subarray(i * width, (i + 1) * width), at * width);
        nextSlot[0] = (at + 1) % count;
      }
    },
    state: () => ({ vectors, events, next: nextSlot }),
  };
}
