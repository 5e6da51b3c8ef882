import type { Ref } from '../../graph/builder.ts';
import type { Graph } from '../../graph/graph.ts';
import type { GraphWriter } from '../../graph/writer.ts';

/** Writes a graph's nodes into another one, each input replaced by a value of that one; parameters, outputs and labels stay. */
export function replay(into: GraphWriter, graph: Graph, input: (name: string) => Ref): void {
  const refs: Ref[] = [];
  for (const node of graph.nodes) {
    into.label = node.label;
    const leaf = node.op === 'Input' ? input(String(node.attributes.name)) : into.copyLeaf(graph, node);
    const operands = node.inputs.map((operand) => refs[operand]!);
    refs.push(leaf ?? into.again(node, operands));
  }
  into.label = '';
  for (const { name, node } of graph.outputs) into.output(name, refs[node]!);
}
