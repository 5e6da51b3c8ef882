/** Checks that every engine makes before the runtime sees a tensor. A wrong tensor here is our bug, never a user's. */
import { invariant } from '../base/diagnostics/diagnostic.ts';
import { bindShape, countElements, printType } from '../graph/dims.ts';
import type { Graph, GraphInput, Tensor } from '../graph/graph.ts';
import type { Tensors } from './engine.ts';

/** Values of the graph's symbols in one run, learned from the inputs while they are checked. */
export type SymbolLengths = Record<string, number>;

export function checkTensor(
  graph: Graph,
  { name, node }: GraphInput,
  tensor: Tensor | undefined,
  symbols: SymbolLengths,
): Tensor {
  const { type } = graph.nodes[node]!;
  invariant(tensor, `graph ${graph.name} is run without "${name}"`);
  bindShape(name, type.shape, tensor.shape, symbols);
  const fits = tensor.dtype === type.dtype && tensor.data.length === countElements(tensor.shape);
  const actualTensor = `${printType(tensor)} of ${tensor.data.length} numbers`;
  invariant(fits, `"${name}" of graph ${graph.name} is ${printType(type)}, but was given ${actualTensor}`);
  return tensor;
}

/** Checks those parameters of the graph that `parameters` names, and returns them with their index among all. */
export const checkNamedParameters = (graph: Graph, parameters: Tensors) =>
  graph.parameters.flatMap((parameter, index) => {
    const { name } = parameter;
    return name in parameters ? [{ name, index, tensor: checkTensor(graph, parameter, parameters[name], {}) }] : [];
  });

export function checkParameters(graph: Graph, parameters: Tensors): void {
  for (const parameter of graph.parameters) checkTensor(graph, parameter, parameters[parameter.name], {});
}

/** Copies tensors, because those of a feeder or a program may be overwritten later. */
export const copyTensors = (tensors: Tensors): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]));

/** Returns the exports of a CommonJS package, which are those of its default if it is bundled. `name` is one of them. */
export function exportsOf<Module extends object>(module: Module, name: keyof Module): Module {
  return name in module ? module : (module as unknown as { readonly default: Module }).default;
}
