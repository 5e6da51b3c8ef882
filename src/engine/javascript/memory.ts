/** How many bytes a run holds at once: every value from where it is made to where it is last read. */
import { resolveShape } from '../../graph/dims.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Symbols } from '../check.ts';

const width = { float32: 4, int32: 4, bool: 1 } as const;

export function peakBytes(graph: Graph, symbols: Symbols): number {
  const bytes = graph.nodes.map(({ type }) =>
    resolveShape(type.shape, symbols).reduce((product, dim) => product * dim, width[type.dtype]),
  );
  const lastRead = graph.nodes.map((_, id) => id);
  graph.nodes.forEach(({ inputs }, id) => {
    for (const input of inputs) lastRead[input] = id;
  });
  const kept = [...graph.inputs, ...graph.parameters, ...graph.outputs, ...graph.updates];
  for (const { node } of kept) lastRead[node] = graph.nodes.length;

  const freed = new Map<number, number>();
  lastRead.forEach((at, id) => {
    freed.set(at, (freed.get(at) ?? 0) + bytes[id]!);
  });
  let held = 0;
  let peak = 0;
  for (let id = 0; id < graph.nodes.length; id += 1) {
    held += bytes[id]!;
    peak = Math.max(peak, held);
    held -= freed.get(id) ?? 0;
  }
  return peak;
}
