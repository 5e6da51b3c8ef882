import { simplify } from '../graph/simplify.ts';
import type { GraphInputs } from './inputs.ts';
import type { GraphPlan } from './plan.ts';

/** The graph simplified and checked, with the inputs that are left. A graph that does not verify is our bug. */
export function finished(inputs: GraphInputs): GraphPlan {
  const graph = simplify(inputs.builder.finish());
  return { graph, inputs: inputs.plansOf(graph) };
}
