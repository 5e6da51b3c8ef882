/** Arguments of the losses that compare an item with others. */
import { defined } from '../../defined.ts';
import type { Draw, DrawnBy } from '../../plan/plan.ts';
import { ShapeError } from '../contract.ts';
import { choice, flag, integer, kind, number } from '../parameters.ts';

/** Where the other items come from, when not from the batch. */
const drawn = {
  sampled: {
    doc: 'n items for each row, or for all rows together with `shared` and with `in_batch`, drawn with replacement at every step, from the items of the training part unless `by` says otherwise.',
    paper:
      'Huang et al., "Learning deep structured semantic models", CIKM 2013 (section 3.3); shared: Klenitskiy and Vasilev, "Turning dross into gold loss", RecSys 2023 (section 3)',
    example: 'sampled(4)',
    parameters: {
      n: integer({ min: 1, required: true, positional: true, doc: 'How many.' }),
      shared: flag({ doc: 'All rows share the n items, which costs one product in place of a lookup per row.' }),
      by: choice(['uniform', 'frequency', 'corpus'], {
        doc: 'Each item of the training part alike, or by how many training rows have it; or each item of the whole corpus alike, including items without training rows.',
        default: 'uniform',
      }),
      power: number({
        above: 0,
        max: 1,
        doc: 'With `by: frequency`: the chance is in proportion to (training rows) ^ power. Default 1.',
      }),
    },
  },
} as const;

/** How items are drawn. Throws ShapeError for a power of anything but a frequency. */
export function drawOf({ by, power }: { readonly by: DrawnBy; readonly power: number | undefined }): Draw {
  if (power !== undefined && by !== 'frequency') throw new ShapeError('needs `by: frequency` for a `power`');
  return { by, ...defined({ power }) };
}

/** Negatives of a loss that has none from the batch. */
export const negatives = kind(drawn, { doc: 'Negatives that are drawn, for each row or for all rows together.' });
export const requiredNegatives = kind(drawn, {
  doc: 'Negatives that are drawn, for each row or for all rows together.',
  required: true,
});
export type Negatives = NonNullable<NonNullable<(typeof negatives)['value']>>;

export const negativeArguments = {
  in_batch: flag({ doc: 'The items of the other rows are the negatives. This is the default without `negatives`.' }),
  negatives: kind(drawn, {
    doc: 'Negatives that are drawn: for each row, or for all rows together; with `in_batch`, in addition to those of the batch.',
  }),
};

/** Throws ShapeError for a correction that would cancel: where each item is drawn alike log q is the same for each. */
export function refuseIdleCorrection(correction: 'none' | 'frequency' | 'streaming', by: DrawnBy): void {
  if (correction === 'none' || by === 'frequency') return;
  throw new ShapeError(
    'needs no `correction` if each item is drawn with the same probability: log q is then the same for all items',
  );
}

/** The argument of a loss that can compare a row's item with all there are. */
export const all = flag({
  doc: 'Every other item of the corpus is a negative: a column for each item at each step, for corpora whose batch × items matrix fits memory. An event whose item is not in the corpus is ignored.',
});
