import { invariant } from '../../base/diagnostics/failure.ts';
import type { Graph } from '../../graph/graph.ts';
import { prune } from '../../graph/passes/dead.ts';
import type { GraphPlan } from '../../graph/plan/plan.ts';
import { simplify } from '../../graph/simplify.ts';
import { verify } from '../../graph/verify.ts';
import type { GraphInputs } from './inputs.ts';

/**
 * The graph simplified and checked, with the inputs that are left. A graph that does not verify is our bug. What no output reads
 * goes first: a broadcast takes its shape from any input of that shape, which must be one that is fed.
 * @param part what of the graph is wanted. Default: all
 */
export function finished(inputs: GraphInputs, part: (graph: Graph) => Graph = (graph) => graph): GraphPlan {
  const graph = prune(simplify(prune(part(inputs.builder.finish()))));
  const problems = verify(graph);
  invariant(problems.length === 0, `graph ${graph.name} does not verify: ${problems.join('; ')}`);
  return { graph, inputs: inputs.plansOf(graph) };
}
