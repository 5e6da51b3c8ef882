import type { Graph } from '../graph.ts';

/** Removes nodes that no output and no update needs. Inputs and parameters stay, because they belong to the host. */
export function removeDead(graph: Graph): Graph {
  const isNeeded = graph.nodes.map((node) => node.op === 'Input' || node.op === 'Parameter');
  for (const { node } of [...graph.outputs, ...graph.updates]) isNeeded[node] = true;
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    if (isNeeded[id]) for (const input of graph.nodes[id]!.inputs) isNeeded[input] = true;
  }
  return keepNodes(graph, isNeeded);
}

/** Removes inputs and parameters that nothing reads, and everything else that is dead. */
export function removeUnread(graph: Graph): Graph {
  const aliveGraph = removeDead(graph);
  const readIds = new Set(aliveGraph.nodes.flatMap(({ inputs }) => inputs));
  for (const { node } of [...aliveGraph.outputs, ...aliveGraph.updates]) readIds.add(node);
  const updatedNames = new Set(aliveGraph.updates.map(({ parameter }) => parameter));
  const isKept = aliveGraph.nodes.map(({ op }, id) => (op !== 'Input' && op !== 'Parameter' ? true : readIds.has(id)));
  for (const { name, node } of aliveGraph.parameters) if (updatedNames.has(name)) isKept[node] = true;
  return keepNodes(aliveGraph, isKept);
}

/** Returns the graph of the nodes that stay. They, the outputs and the updates must not refer to other nodes. */
function keepNodes(graph: Graph, isKept: readonly boolean[]): Graph {
  if (isKept.every(Boolean)) return graph;
  let nextId = 0;
  const newIds = isKept.map((stays) => (stays ? nextId++ : -1));
  const renumber = <T extends { readonly node: number }>(items: readonly T[]): T[] =>
    items.filter(({ node }) => isKept[node]).map((item) => ({ ...item, node: newIds[item.node]! }));
  return {
    name: graph.name,
    nodes: graph.nodes
      .filter((_, id) => isKept[id])
      .map((node) => ({ ...node, inputs: node.inputs.map((input) => newIds[input]!) })),
    inputs: renumber(graph.inputs),
    parameters: renumber(graph.parameters),
    outputs: renumber(graph.outputs),
    updates: renumber(graph.updates),
    marks: graph.marks && renumber(graph.marks),
  };
}
