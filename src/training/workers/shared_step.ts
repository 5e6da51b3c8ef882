import { failure } from '../../base/diagnostics/failure.ts';
import { CannotDistribute, distribute } from '../../graph/distribute/distribute.ts';
import type { Graph } from '../../graph/graph.ts';
import type { GraphPlan } from '../../graph/plan/plan.ts';
import { distributionOf } from '../feed/share.ts';

/** @throws Failure `workers-unsupported` */
export function sharedStep(step: GraphPlan): Graph {
  const distribution = distributionOf(step);
  if ('refused' in distribution) {
    // The one kind of input of which no worker has a part.
    throw failure('workers-unsupported', { what: 'a matrix of scores that is made in pieces' });
  }
  try {
    return distribute(step.graph, distribution);
  } catch (error) {
    if (!(error instanceof CannotDistribute)) throw error;
    throw failure('workers-unsupported', { what: `\`${error.label}\`` });
  }
}
