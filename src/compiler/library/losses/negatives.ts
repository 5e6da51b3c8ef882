/** Defines the arguments of losses that compare items. */
import type { Draw, DrawKind, PerRowItems, SampledRows, SharedRows } from '../../../graph/plan/plan.ts';
import { type LossContext, ShapeError } from '../contract.ts';
import { choice, flag, integer, kind, name, number } from '../parameters.ts';

/** Sources of other items than the batch. */
const drawn = {
  sampled: {
    doc: 'n items for each row, or for all rows together with `shared` and with `in_batch`, drawn with replacement at every step, from the items of the training part unless `by` says otherwise.',
    paper:
      'Huang et al., "Learning deep structured semantic models", CIKM 2013 (section 3.3); shared: Klenitskiy and Vasilev, "Turning dross into gold loss", RecSys 2023 (section 3); within: Grbovic & Cheng, "Real-time personalization using embeddings for search ranking at Airbnb", KDD 2018 (equation 5)',
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
      within: name('feature', {
        doc: "A feature of the item tower with one value for each item, such as its market: a row draws among the other items that share its own item's value, each alike. A row whose item shares it with no other draws from all.",
      }),
    },
  },
  listed: {
    doc: 'The items of a list that each row has, such as what was shown with the item and not taken. Items that the corpus does not have are left out, and so is the own item. A row with an empty list has none.',
    paper: 'Karpukhin et al., "Dense passage retrieval for open-domain question answering", EMNLP 2020 (section 3.2)',
    example: 'listed(shown)',
    parameters: {
      list: name('feature', {
        required: true,
        positional: true,
        doc: 'A list of keys of the item tower: a column of the events, or a history.',
      }),
      n: integer({
        min: 1,
        positional: true,
        doc: 'How many of them, drawn at each step without replacement. Default: the `max` of the list.',
      }),
    },
  },
  mined: {
    doc: 'Hard ones: items that the towers rank highest for the user of the row, found anew when an epoch begins. What the user has in the training part is left out. Rows of users for which nothing was mined draw from the items of the training part, each alike.',
    paper:
      'Xiong et al., "Approximate nearest neighbor negative contrastive learning for dense text retrieval", ICLR 2021 (section 4)',
    example: 'mined(4)',
    parameters: {
      n: integer({
        min: 1,
        required: true,
        positional: true,
        doc: 'How many, drawn at each step with replacement from the best of the user.',
      }),
      best: integer({ min: 1, doc: 'How many items of a user are kept.', default: 100 }),
      skip: integer({
        min: 0,
        doc: 'How many better items are left out before these: the very best may be right answers.',
        default: 0,
      }),
      users: integer({
        min: 1,
        doc: 'For how many users, drawn anew for each epoch. A user is asked as of the last training event.',
        default: 10_000,
      }),
    },
  },
} as const;

/** Returns the items that each row has for itself; undefined if all rows share them. Throws ShapeError if the model has no such items. */
export function ownRowsOf(context: LossContext, negatives: Negatives): PerRowItems | undefined {
  switch (negatives.kind) {
    case 'sampled': {
      return negatives.arguments.shared ? undefined : sampledRowsOf(context, negatives.arguments);
    }
    case 'listed': {
      const { list, n } = negatives.arguments;
      const longest = context.maxItemCount(list);
      if (longest === undefined) {
        throw new ShapeError(`cannot take items from \`${list}\`: it is not a list of \`${context.key}\` of the query`);
      }
      return { kind: 'listed', feature: list, perRow: Math.min(n ?? longest, longest) };
    }
    case 'mined': {
      if (context.queryKey === undefined) {
        throw new ShapeError('needs a key of the query tower (`keyed by`), to mine negatives for its users');
      }
      const { n, best, skip, users } = negatives.arguments;
      return { kind: 'mined', perRow: n, best, skip, users };
    }
  }
}

/** Returns the items that are drawn for each row. Throws ShapeError like `drawOf`, and if `within` does not divide the items. */
export function sampledRowsOf(context: LossContext, { n, by, power, within }: Sampled['arguments']): SampledRows {
  if (within !== undefined) {
    if (by !== 'uniform') throw new ShapeError('draws `within` a feature with `by: uniform` only');
    if (!context.describesItem(within)) {
      throw new ShapeError(
        `cannot draw within \`${within}\`: the item tower has no input of this name with one value for each item`,
      );
    }
  }
  return { kind: 'sampled', perRow: n, ...drawOf({ by, power }), within };
}

/**
 * Returns the items that all rows share; undefined if each row has its own.
 * @param inBatch true if the batch's items are used too, in which case all rows share the drawn items
 */
export function sharedRowsOf(negatives: Negatives, inBatch = false): SharedRows | undefined {
  if (negatives.kind !== 'sampled' || !(negatives.arguments.shared || inBatch)) return undefined;
  if (negatives.arguments.within !== undefined) {
    throw new ShapeError('draws `within` a feature for each row, so that it takes neither `shared` nor `in_batch`');
  }
  return { kind: 'shared', count: negatives.arguments.n, ...drawOf(negatives.arguments) };
}

/** Returns the distribution of the draws. Throws ShapeError for a power without frequencies. */
export function drawOf({ by, power }: { readonly by: DrawKind; readonly power: number | undefined }): Draw {
  if (power !== undefined && by !== 'frequency') throw new ShapeError('needs `by: frequency` for a `power`');
  return { by, power };
}

/** The negatives of a loss without negatives from the batch. */
export const negatives = kind(drawn, {
  doc: 'Negatives: drawn for each row or for all rows together, listed by each row, or mined for its user.',
});
export const requiredNegatives = kind(drawn, {
  doc: 'Negatives: drawn for each row or for all rows together, listed by each row, or mined for its user.',
  required: true,
});
export type Negatives = NonNullable<NonNullable<(typeof negatives)['value']>>;
export type Sampled = Extract<Negatives, { readonly kind: 'sampled' }>;

export const negativeArguments = {
  in_batch: flag({ doc: 'The items of the other rows are the negatives. This is the default without `negatives`.' }),
  negatives: kind(drawn, {
    doc: 'Other negatives: drawn for each row or for all rows together, listed by each row, or mined for its user; with `in_batch`, in addition to those of the batch.',
  }),
};

/** Throws ShapeError for a correction that would cancel: if items are drawn with equal probability, log q is the same for all. */
export function refuseIdleCorrection(correction: 'none' | 'frequency' | 'streaming', by: DrawKind): void {
  if (correction === 'none' || by === 'frequency') return;
  throw new ShapeError(
    'needs no `correction` if each item is drawn with the same probability: log q is then the same for all items',
  );
}

/** The argument `all` of a loss that can compare a row's item with the whole corpus. */
export const all = flag({
  doc: 'Every other item of the corpus is a negative: a column for each item at each step, for corpora whose batch × items matrix fits memory. An event whose item is not in the corpus is ignored.',
});
