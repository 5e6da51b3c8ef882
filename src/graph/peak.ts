/** How many bytes a run holds at the same time: every value from where it is made to where it is last read. */
import { typeBytes } from './count.ts';
import type { Sizes } from './dims.ts';
import type { Graph } from './graph.ts';

/** Bytes of what crosses to an engine and back in a run: the host holds these besides the engine's own. */
export function crossingBytes({ nodes, inputs, outputs }: Graph, symbols: Sizes): number {
  return [...inputs, ...outputs].reduce((sum, { node }) => sum + typeBytes(nodes[node]!.type, symbols), 0);
}

/** The symbols of a graph, each representing the same number. */
export function evenSizes({ nodes }: Graph, size: number): Sizes {
  const dims = nodes.flatMap(({ type }) => type.shape.filter((dim) => typeof dim !== 'number'));
  return Object.fromEntries(dims.flatMap(({ symbol }) => symbol.split('·').map((factor) => [factor, size])));
}

export function peakBytes(graph: Graph, symbols: Sizes): number {
  const bytes = graph.nodes.map(({ type }) => typeBytes(type, symbols));
  const lastRead = graph.nodes.map((_, id) => id);
  graph.nodes.forEach(({ inputs }, id) => {
    for (const input of inputs) lastRead[input] = id;
  });
  const heldToEnd = [...graph.inputs, ...graph.parameters, ...graph.outputs, ...graph.updates];
  for (const { node } of heldToEnd) lastRead[node] = graph.nodes.length;

  const freedBytes = new Map<number, number>();
  lastRead.forEach((at, id) => {
    freedBytes.set(at, (freedBytes.get(at) ?? 0) + bytes[id]!);
  });
  let liveBytes = 0;
  let largestBytes = 0;
  for (let id = 0; id < graph.nodes.length; id += 1) {
    liveBytes += bytes[id]!;
    largestBytes = Math.max(largestBytes, liveBytes);
    liveBytes -= freedBytes.get(id) ?? 0;
  }
  return largestBytes;
}
