import { invariant } from '../../base/diagnostics/failure.ts';
import type { Ref } from '../../graph/builder.ts';
import type { Graph } from '../../graph/graph.ts';
import type { GraphWriter } from '../../graph/writer.ts';

/** Writes a graph's nodes into another one, each input replaced by a value of that one; parameters, outputs and labels stay. */
export function replay(into: GraphWriter, graph: Graph, input: (name: string) => Ref): void {
  const parameters = new Map(graph.parameters.map((parameter) => [parameter.node, parameter]));
  const refs: Ref[] = [];
  const refOf = (node: number): Ref => {
    const ref = refs[node];
    invariant(ref, 'nodes are after their operands');
    return ref;
  };
  graph.nodes.forEach((node, at) => {
    into.label = node.label;
    refs.push(copy(node, at));
  });
  into.label = '';
  for (const { name, node } of graph.outputs) into.output(name, refOf(node));

  function copy({ op, inputs, attributes, type }: Graph['nodes'][number], at: number): Ref {
    switch (op) {
      case 'Input':
        return input(String(attributes.name));
      case 'Constant':
        return into.constant(attributes.values as readonly number[], type);
      case 'Parameter': {
        const parameter = parameters.get(at);
        invariant(parameter, `parameter ${attributes.name} is declared`);
        return into.parameter(parameter.name, type, parameter.initial, parameter.trainable);
      }
      default:
        return into.add(op, inputs.map(refOf), attributes);
    }
  }
}
