/** Arguments of the losses that compare an item with others. */
import { ShapeError } from '../contract.ts';
import { choice, flag, integer, kind, number } from '../parameters.ts';

/** Where the other items come from, when not from the batch. */
const drawn = {
  sampled: {
    doc: 'n items for each row, or beside the batch n for all rows together, drawn anew at every step with replacement, from the items of the training part unless `by` says otherwise.',
    paper: 'Huang et al., "Learning deep structured semantic models", CIKM 2013 (section 3.3)',
    example: 'sampled(4)',
    parameters: {
      n: integer({ min: 1, required: true, positional: true, doc: 'How many.' }),
      by: choice(['uniform', 'frequency', 'corpus'], {
        doc: 'Each item of the training part alike, or by how many training rows have it; or each item of the whole corpus alike, those that training lacks among them.',
        default: 'uniform',
      }),
    },
  },
} as const;

export const negativeArguments = {
  in_batch: flag({ doc: "The other rows' items are the negatives; so it is where `negatives` is not given." }),
  negatives: kind(drawn, {
    doc: 'Negatives drawn for each row instead; with `in_batch`, drawn for all rows beside them.',
  }),
};

/** The argument of a loss that can compare a row's item with all there are. */
export const all = flag({
  doc: 'Every other item of the corpus is a negative, exactly: a column an item at each step, for corpora whose batch × items matrix fits memory. An event whose item the corpus lacks counts nothing.',
});

/** How a softmax stretches its scores. */
export const sharpnessArguments = {
  temperature: number({ above: 0, doc: 'τ: divides the score; 1 where neither it nor `scale` is given.' }),
  scale: number({ above: 0, doc: 'γ: multiplies the score; the same as a temperature of 1/γ.' }),
};

/** What the score is multiplied by. Throws ShapeError where both are given. */
export function sharpnessOf(args: {
  readonly temperature: number | undefined;
  readonly scale: number | undefined;
}): number {
  if (args.temperature !== undefined && args.scale !== undefined) {
    throw new ShapeError('takes `temperature` or `scale`, not both');
  }
  return args.scale ?? 1 / (args.temperature ?? 1);
}
