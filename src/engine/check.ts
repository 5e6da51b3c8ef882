/** What every engine asks of its caller before the runtime sees it. A wrong tensor here is our bug, never a user's. */
import type { Dim, Graph, GraphInput, Tensor } from '../graph/graph.ts';
import type { Tensors } from './engine.ts';

/** Values of the graph's symbols in one run. */
export type Symbols = Map<string, number>;

function fits(shape: readonly number[], dims: readonly Dim[], symbols: Symbols): boolean {
  return (
    shape.length === dims.length &&
    dims.every((dim, axis) => {
      const length = shape[axis]!;
      if (typeof dim === 'number') return dim === length;
      const value = length / dim.times;
      const known = symbols.get(dim.symbol);
      if (known === undefined) symbols.set(dim.symbol, value);
      return Number.isInteger(value) && (known === undefined || known === value);
    })
  );
}

const show = (dims: readonly Dim[]): string =>
  `[${dims.map((dim) => (typeof dim === 'number' ? dim : dim.times === 1 ? dim.symbol : `${dim.times}·${dim.symbol}`)).join(', ')}]`;

export function checkTensor(
  graph: Graph,
  { name, node }: GraphInput,
  tensor: Tensor | undefined,
  symbols: Symbols,
): Tensor {
  const { dtype, shape } = graph.nodes[node]!.type;
  if (!tensor) throw new Error(`invariant: graph ${graph.name} is run without \`${name}\``);
  const length = tensor.shape.reduce((product, dim) => product * dim, 1);
  if (tensor.dtype !== dtype || tensor.data.length !== length || !fits(tensor.shape, shape, symbols)) {
    throw new Error(
      `invariant: \`${name}\` of graph ${graph.name} is ${dtype} ${show(shape)}, not ${tensor.dtype} ${show(tensor.shape)} of ${tensor.data.length} numbers`,
    );
  }
  return tensor;
}

/** The shape of a value in this run. */
export const shapeIn = (dims: readonly Dim[], symbols: Symbols): number[] =>
  dims.map((dim) => (typeof dim === 'number' ? dim : dim.times * symbols.get(dim.symbol)!));

export function checkParameters(graph: Graph, parameters: Tensors): void {
  for (const parameter of graph.parameters) checkTensor(graph, parameter, parameters[parameter.name], new Map());
}
