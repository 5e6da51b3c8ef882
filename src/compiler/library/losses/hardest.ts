/** Keeps only the hardest negatives of each row. */
import type { Ref } from '../../../graph/builder.ts';
import { type LossContext, ShapeError } from '../contract.ts';
import { integer, number } from '../parameters.ts';
import { type AllColumns, hidden, type ScoreColumns } from './loss_columns.ts';

export const hardestArguments = {
  hardest: integer({
    min: 1,
    doc: 'How many negatives of a row count: those that score highest among all that it has. Those that score the same as the last count too.',
  }),
  gap: number({
    min: 0,
    doc: "With `hardest`: a negative counts only where it scores at least this much less than the row's own item. What scores higher may be a right answer.",
  }),
};

export interface HardestArguments {
  readonly hardest: number | undefined;
  readonly gap: number | undefined;
}

/** Throws ShapeError for a gap without `hardest`. */
export function refuseLoneGap({ hardest, gap }: HardestArguments): void {
  if (gap !== undefined && hardest === undefined) throw new ShapeError('needs `hardest` for a `gap`');
}

/**
 * Hides all but the `hardest` columns of each row. The choice depends on the current scores and is not differentiated.
 * @param sharpness the factor that the scores already have
 */
export function hardestOf(
  context: LossContext,
  { parts, own, ...columns }: AllColumns,
  { hardest, gap }: HardestArguments,
  sharpness: number,
): AllColumns {
  if (hardest === undefined) return { parts, own, ...columns };
  const { builder } = context;
  const batch = own.type.shape[0]!;
  const largestAllowed = gap === undefined ? undefined : builder.sub(builder.reshape(own, [batch, 1]), gap * sharpness);
  const belowGap = (logits: Ref): Ref => {
    if (largestAllowed === undefined) return logits;
    return builder.select(builder.greater(logits, builder.stopGradient(largestAllowed)), hidden, logits);
  };
  const openLogits = parts.map(({ logits }) => belowGap(logits));
  const largest = openLogits.map((logits) => {
    const [, count] = logits.type.shape;
    return builder.topK(builder.stopGradient(logits), typeof count === 'number' ? Math.min(count, hardest) : hardest);
  });
  const hardestLogits = largest.length === 1 ? largest[0]! : builder.topK(builder.concat(largest, 1), hardest);
  const lastIndex = (hardestLogits.type.shape[1] as number) - 1;
  const smallestKept = builder.slice(hardestLogits, [0, lastIndex], [-1, 1]);
  return {
    ...columns,
    own,
    parts: openLogits.map((logits): ScoreColumns => {
      const isKept = builder.logicalAnd(
        builder.greaterEqual(logits, smallestKept),
        builder.greater(logits, hidden / 2),
      );
      return { logits: builder.select(isKept, logits, hidden), visible: () => builder.cast(isKept, 'float32') };
    }),
  };
}
