import { invariant } from '../diagnostics/failure.ts';
import type { Graph } from '../graph/graph.ts';
import type { GraphInputs } from './inputs.ts';
import type { GraphPlan } from './plan.ts';

/** The graph simplified and checked, with the inputs that are left. A graph that does not verify is our bug. */
export function finished(inputs: GraphInputs): GraphPlan {
  const graph = prune(inputs.builder.finish());
  return { graph, inputs: inputs.plansOf(graph) };
}

/** Without the nodes that reach no output and no update. */
function prune(graph: Graph): Graph {
  const used = new Set([...graph.outputs, ...graph.updates].map(({ node }) => node));
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    if (used.has(id)) for (const input of graph.nodes[id]!.inputs) used.add(input);
  }
  const moved = new Map([...used].sort((a, b) => a - b).map((id, at) => [id, at]));
  const at = (id: number): number => {
    const place = moved.get(id);
    invariant(place !== undefined, `node ${id} is used`);
    return place;
  };
  const move = <T extends { readonly node: number }>(entries: readonly T[]): T[] =>
    entries.filter(({ node }) => used.has(node)).map((entry) => ({ ...entry, node: at(entry.node) }));
  return {
    ...graph,
    nodes: [...moved.keys()].map((id) => {
      const node = graph.nodes[id]!;
      return { ...node, inputs: node.inputs.map(at) };
    }),
    inputs: move(graph.inputs),
    parameters: move(graph.parameters),
    outputs: move(graph.outputs),
    updates: move(graph.updates),
  };
}
