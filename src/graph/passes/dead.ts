import type { Graph } from '../graph.ts';

/** Leaves out nodes that no output and no update needs. Inputs and parameters stay: they are what the host gives and keeps. */
export function removeDead(graph: Graph): Graph {
  const needed = graph.nodes.map((node) => node.op === 'Input' || node.op === 'Parameter');
  for (const { node } of [...graph.outputs, ...graph.updates]) needed[node] = true;
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    if (needed[id]) for (const input of graph.nodes[id]!.inputs) needed[input] = true;
  }
  if (needed.every(Boolean)) return graph;

  const moved: number[] = [];
  let next = 0;
  needed.forEach((isNeeded, id) => {
    moved[id] = isNeeded ? next++ : -1;
  });
  const at = <T extends { readonly node: number }>(item: T): T => ({ ...item, node: moved[item.node]! });
  return {
    name: graph.name,
    nodes: graph.nodes
      .filter((_, id) => needed[id])
      .map((node) => ({ ...node, inputs: node.inputs.map((input) => moved[input]!) })),
    inputs: graph.inputs.map(at),
    parameters: graph.parameters.map(at),
    outputs: graph.outputs.map(at),
    updates: graph.updates.map(at),
  };
}
