import { invariant } from '../../../base/diagnostics/failure.ts';
import type { QueueRows } from '../../../graph/plan/plan.ts';
import type { VectorQueue } from '../queue.ts';
import type { FeedContext, MakeSource } from '../source.ts';

function queueOf({ training }: FeedContext, rows: QueueRows): VectorQueue {
  invariant(training, 'a queue is of training batches');
  return training.queue(rows);
}

/** float32 [count, width]; takes the batch's own vectors after the step */
export const queueVectors: MakeSource<'queue_vectors'> = ({ rows }, context, { name }) => {
  const queue = queueOf(context, rows);
  const { count, width, task } = rows;
  return {
    fill: () => ({ dtype: 'float32', shape: [count, width], data: queue.vectors }),
    after(batch, outputs) {
      const vectors = outputs[`queue:${task}`];
      invariant(vectors?.data instanceof Float32Array, `the step gives no vectors for the queue of ${task}`);
      queue.push(batch.rows, vectors.data);
    },
    state: () => Object.fromEntries(Object.entries(queue.state()).map(([part, view]) => [`${name}/${part}`, view])),
  };
};

/** float32 [count] */
export const queueEmpty: MakeSource<'queue_empty'> = ({ rows }, context) => {
  const queue = queueOf(context, rows);
  return { fill: ({ step }) => ({ dtype: 'float32', shape: [rows.count], data: queue.empty(step) }) };
};
