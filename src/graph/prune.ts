import type { Graph } from './graph.ts';
import { removeDead } from './passes/dead.ts';

/** Leaves out inputs and parameters that nothing reads, and everything else that is dead. */
export function prune(graph: Graph): Graph {
  const alive = removeDead(graph);
  const read = new Set(alive.nodes.flatMap(({ inputs }) => inputs));
  for (const { node } of [...alive.outputs, ...alive.updates]) read.add(node);
  const updated = new Set(alive.updates.map(({ parameter }) => parameter));
  const kept = alive.nodes.map(({ op }, id) => (op !== 'Input' && op !== 'Parameter' ? true : read.has(id)));
  for (const { name, node } of alive.parameters) if (updated.has(name)) kept[node] = true;
  if (kept.every(Boolean)) return alive;

  let next = 0;
  const moved = kept.map((isKept) => (isKept ? next++ : -1));
  const at = <T extends { readonly node: number }>(item: T): T => ({ ...item, node: moved[item.node]! });
  return {
    ...alive,
    nodes: alive.nodes
      .filter((_, id) => kept[id])
      .map((node) => ({ ...node, inputs: node.inputs.map((input) => moved[input]!) })),
    inputs: alive.inputs.filter(({ node }) => kept[node]).map(at),
    parameters: alive.parameters.filter(({ node }) => kept[node]).map(at),
    outputs: alive.outputs.map(at),
    updates: alive.updates.map(at),
  };
}
