/** The step of a plan as several workers run it. */
import { failure } from '../../diagnostics/failure.ts';
import { distributionOf } from '../../feed/share.ts';
import { CannotDistribute, distribute } from '../../graph/distribute/distribute.ts';
import type { Graph } from '../../graph/graph.ts';
import type { GraphPlan, InputSource } from '../../plan/plan.ts';

/** What an input that cannot be shared is for, in the user's words. */
const wordsOf: { readonly [K in InputSource['from']]?: string } = {
  element_places: 'a list through the item tower',
  table_places: 'a length or a direction of the gradients of tables (`clip`, `objective`)',
  element_rows: 'a length or a direction of the gradients of tables (`clip`, `objective`)',
  element_weights: 'a length or a direction of the gradients of tables (`clip`, `objective`)',
  table_seen: 'a length or a direction of the gradients of tables (`clip`, `objective`)',
  piece_rows: 'a matrix of scores that is made in pieces',
};

/** @throws Failure `workers-unsupported` */
export function sharedStep(step: GraphPlan): Graph {
  const distribution = distributionOf(step);
  if ('refused' in distribution) {
    const { from } = distribution.refused.source;
    throw failure('workers-unsupported', { what: wordsOf[from] ?? 'a list through the item tower' });
  }
  try {
    return distribute(step.graph, distribution);
  } catch (error) {
    if (!(error instanceof CannotDistribute)) throw error;
    throw failure('workers-unsupported', { what: `\`${error.label}\`` });
  }
}
