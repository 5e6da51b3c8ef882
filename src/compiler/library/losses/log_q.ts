import type { Ref } from '../../../graph/builder.ts';
import type { Dim } from '../../../graph/graph.ts';
import type { RowsOf, SharedRows } from '../../../graph/plan/plan.ts';
import { rowsPrefix } from '../../../graph/plan/rows_prefix.ts';
import type { LossContext } from '../contract.ts';
import { choice } from '../parameters.ts';

/** The argument `correction` of every loss over many columns that can remove the advantage of popular items. */
export const correction = choice(['none', 'frequency', 'streaming'], {
  doc: "Subtracts log q of each column's item after the temperature, as popular items are negatives more often: q its share of the training rows (an item without any counts as one), or 1/B as a stream of batches estimates it: B ← 0.95 B + 0.05 (t − A), A ← t each time the item comes at step t, repeats within a batch included and before log q of that batch is taken. A starts at 0; B starts at items/batch, at least 1: every item as frequent as any other.",
  default: 'none',
});

/** The same argument with a value for softmax only, in which the own item is one of the columns. */
export const softmaxCorrection = choice(['none', 'frequency', 'streaming', 'refined'], {
  doc: `${correction.doc} \`refined\` is by frequency too, and treats the row's own item apart: it is not drawn, so it is not corrected and leaves the sum, and the row counts by how likely a wrong answer is.`,
  default: 'none',
});

/** Returns log q of these rows' items, float32 [count]; with `mixed`, of their share among the batch's columns and the mixed rows together. */
export function logQOf(
  { input, key }: LossContext,
  estimator: 'frequency' | 'streaming',
  rows: RowsOf,
  count: Dim,
  mixed?: SharedRows,
): Ref {
  const source = { from: 'log_q', key, estimator, rows, mixed } as const;
  const prefix = mixed === undefined ? '' : `mixed_${rowsPrefix(mixed)}`;
  const estimated = estimator === 'streaming' ? 'streaming/' : '';
  return input(`log_q/${estimated}${prefix}${rowsPrefix(rows)}${key}`, source, [count]);
}
