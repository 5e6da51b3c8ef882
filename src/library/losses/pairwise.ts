/** Losses of a positive against each of its negatives: bpr, hinge. */
import type { Ref } from '../../graph/builder.ts';
import type { RowsOf } from '../../plan/plan.ts';
import { type Arguments, type LossContext, type Score, ShapeError } from '../contract.ts';
import { hidden } from './columns.ts';
import { hardestArguments, hardestOf, refuseLoneGap } from './hardest.ts';
import { hitsToMask, mask, replaceHits } from './hits.ts';
import { rowScore } from './mean.ts';
import { negativeArguments, ownRowsOf, sharedRowsOf } from './negatives.ts';

const events: RowsOf = { kind: 'events' };

export const pairwiseArguments = {
  ...negativeArguments,
  mask,
  ...hardestArguments,
};

export interface Pairs {
  /** Score of a negative minus that of the row's own item: float32 [batch, negatives]. */
  readonly difference: Ref;
  /** float32 [batch, negatives]: 1, and 0 where it is none: the row's own item, or one that is masked. */
  readonly visible: Ref;
}

/** Throws ShapeError where both kinds of negatives are asked for. */
export function lowerPairs(
  context: LossContext,
  score: Score,
  args: Pick<Arguments<typeof pairwiseArguments>, keyof typeof pairwiseArguments>,
): Pairs {
  const { builder } = context;
  const { query, item, width } = score;
  const own = rowScore(builder, query, item);
  const batch = own.type.shape[0]!;
  const hits = hitsToMask(context, { mask: args.mask }) ?? {};
  let rows = events;
  let others: Ref;
  if (args.negatives === undefined) others = builder.matMul(query, item, { transposeB: true });
  else {
    if (args.in_batch) throw new ShapeError('takes `in_batch` or `negatives`, not both');
    const own = ownRowsOf(context, args.negatives);
    if (own === undefined) {
      rows = sharedRowsOf(args.negatives)!;
      others = builder.matMul(query, context.scoreOf(rows).item, { transposeB: true });
    } else {
      rows = own;
      const items = builder.reshape(context.scoreOf(rows).item, [batch, own.perRow, width]);
      others = builder.sum(builder.mul(builder.reshape(query, [batch, 1, width]), items), [2]);
    }
  }
  const ones = builder.broadcastTo(builder.constant(1), others);
  const visible = replaceHits(context, ones, rows, 0, rows.kind === 'events' ? { ...hits, own: true } : hits);
  refuseLoneGap(args);
  const column = builder.reshape(own, [batch, 1]);
  return {
    difference: builder.sub(others, column),
    visible: args.hardest === undefined ? visible : hardestOfPairs(),
  };

  function hardestOfPairs(): Ref {
    const logits = builder.select(builder.greater(visible, 0), others, hidden);
    const part = { logits, visible: () => visible };
    const [kept] = hardestOf(context, { parts: [part], own, ownApart: true }, args, 1).parts;
    return kept!.visible();
  }
}

/** Mean of the losses of each row over its negatives; 0 where it has none. float32 [batch, negatives] → [batch]. */
export function meanOfNegatives({ builder }: LossContext, losses: Ref, visible: Ref): Ref {
  const count = builder.maximum(builder.sum(visible, [1]), 1);
  return builder.div(builder.sum(builder.mul(losses, visible), [1]), count);
}
