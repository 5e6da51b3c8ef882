/** Items of past batches as further negatives: their vectors as they were, without a gradient. */
import type { QueueRows } from '../../../graph/plan/plan.ts';
import type { LossContext, VectorScore } from '../contract.ts';
import { integer, kind } from '../parameters.ts';
import { hidden, type ScoreColumns } from './columns.ts';
import { type FurtherHits, replaceHits } from './hits.ts';
import { logQOf } from './log_q.ts';

const queues = {
  batches: {
    doc: "The item vectors of the last n batches, as the towers computed them then. A column that is the row's own item is masked, and `correction` corrects all columns alike.",
    paper:
      'Wang et al., "Cross-batch negative sampling for training two-tower recommenders", SIGIR 2021 (section 3.3); He et al., "Momentum contrast", CVPR 2020',
    example: 'batches(4, after: 1000)',
    parameters: {
      n: integer({ min: 1, required: true, positional: true, doc: 'How many batches.' }),
      after: integer({
        min: 0,
        doc: 'Steps before which the queue is filled and not read: early vectors change fast.',
        default: 0,
      }),
    },
  },
} as const;

export const queue = kind(queues, {
  doc: 'Further negatives with `in_batch`: the items of past batches. They cost a product and no tower.',
});

export type Queue = NonNullable<(typeof queue)['value']>;

/** The columns of the queue: float32 [batch, n × batch]. The step gives the vectors of its own items as output `queue:<task>`. */
export function queueColumns(
  context: LossContext,
  score: VectorScore,
  { arguments: { n, after } }: Queue,
  {
    sharpness,
    correction,
    hits,
  }: { sharpness: number; correction: 'none' | 'frequency' | 'streaming'; hits: FurtherHits },
): ScoreColumns {
  const { builder, task, batch } = context;
  const count = n * batch;
  const rows: QueueRows = { kind: 'queue', task, count, width: score.width, after };
  const vectors = context.input(`queue/${task}`, { from: 'queue_vectors', rows }, [count, score.width]);
  const empty = context.input(`queue/${task}/empty`, { from: 'queue_empty', rows }, [count]);
  builder.output(`queue:${task}`, score.item);
  const logits = builder.matMul(builder.mul(score.query, sharpness), vectors, { transposeB: true });
  const offset = builder.mul(empty, -hidden);
  const logQ = correction === 'none' ? undefined : logQOf(context, correction, rows, count);
  const corrected = builder.sub(logits, logQ === undefined ? offset : builder.add(offset, logQ));
  const isFilled = builder.sub(builder.broadcastTo(builder.constant(1), logits), empty);
  return {
    logits: replaceHits(context, corrected, rows, hidden, hits),
    visible: () => replaceHits(context, isFilled, rows, 0, hits),
  };
}
