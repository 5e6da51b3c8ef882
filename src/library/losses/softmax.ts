import { type Arguments, ShapeError } from '../contract.ts';
import { choice, flag, integer, kind, number } from '../parameters.ts';
import { lossKind } from '../rows.ts';
import { inBatchSoftmax } from './in_batch_softmax.ts';
import { sampledSoftmax } from './sampled_softmax.ts';

/** Where the other items come from, when not from the batch. */
export const negatives = {
  sampled: {
    doc: 'n items for each row, drawn anew at every step from all items of the training part.',
    paper: 'Huang et al., "Learning deep structured semantic models", CIKM 2013 (section 3.3)',
    example: 'sampled(4)',
    parameters: {
      n: integer({ min: 1, required: true, positional: true, doc: 'How many for each row.' }),
      by: choice(['uniform', 'frequency'], {
        doc: 'Each item alike, or by how many training rows have it.',
        default: 'uniform',
      }),
    },
  },
} as const;

const parameters = {
  in_batch: flag({ doc: "The other rows' items are the negatives; so it is where `negatives` is not given." }),
  negatives: kind(negatives, { doc: 'Negatives drawn for each row instead.' }),
  temperature: number({ above: 0, doc: 'τ: divides the score; 1 where neither it nor `scale` is given.' }),
  scale: number({ above: 0, doc: 'γ: multiplies the score; the same as a temperature of 1/γ.' }),
  correction: choice(['none', 'frequency', 'streaming'], {
    doc: "Subtracts log q of each column's item after the temperature, as popular items are negatives more often: q its share of the training rows, or what a stream of batches tells of it.",
    default: 'none',
  }),
  accidental_hits: choice(['mask', 'keep'], {
    doc: "What becomes of a negative that is the row's own item again.",
    default: 'mask',
  }),
};

export type SoftmaxArguments = Arguments<typeof parameters>;

export const softmax = lossKind({
  doc: "Cross-entropy of the row's item among others, over logits score/τ − log q: −log softmax of its own. In this order: divide by τ, subtract log q of the column's item, mask accidental hits, cross-entropy weighted by row.",
  paper:
    'Yi et al., "Sampling-bias-corrected neural modeling", RecSys 2019 (section 3); sampled: Huang et al., CIKM 2013',
  example: 'softmax(in_batch, temperature: 0.05, correction: frequency)',
  label: 'none',
  needsItemKey: true,
  parameters,
  lower(context, score, args) {
    if (args.temperature !== undefined && args.scale !== undefined) {
      throw new ShapeError('takes `temperature` or `scale`, not both');
    }
    const sharpness = args.scale ?? 1 / (args.temperature ?? 1);
    if (args.negatives === undefined) return inBatchSoftmax(context, score, sharpness, args);
    if (args.in_batch) throw new ShapeError('takes `in_batch` or `negatives`, not both');
    return sampledSoftmax(context, score, sharpness, args, args.negatives.arguments);
  },
});
