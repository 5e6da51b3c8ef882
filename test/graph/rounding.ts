/** What roundings to bfloat16 explain: a graph in doubles, exact and with its bfloat16 values moved at random as far as a rounding may move them. */
import { makeRandom } from '../../src/base/random/random.ts';
import { resolveShape } from '../../src/graph/dims.ts';
import { evaluateGraph, type NamedTensors, sizesOfInputs, unitRoundoff } from '../../src/graph/evaluate.ts';
import type { Graph } from '../../src/graph/graph.ts';
import type { NodeValues } from '../../src/graph/ops/row.ts';
import { isLeaf, opRowOf } from '../../src/graph/ops/table.ts';

/** The values of outputs, and after a colon those of updated parameters. */
export type Named = ReadonlyMap<string, ArrayLike<number>>;

/** @param stream of the draws; absent: exact */
export function inDoubles(graph: Graph, inputs: NamedTensors, parameters: NamedTensors, stream?: number): Named {
  const sizes = sizesOfInputs(graph, inputs);
  const random = makeRandom(17, stream ?? 0);
  const values: NodeValues[] = [];
  for (const { op, inputs: operands, attributes, type } of graph.nodes) {
    const shape = resolveShape(type.shape, sizes);
    const data = new Float64Array(shape.reduce((product, length) => product * length, 1));
    const value: NodeValues = { dtype: type.dtype, shape, data };
    if (op === 'Constant') data.set(attributes.values as readonly number[]);
    else if (isLeaf(op)) data.set((op === 'Input' ? inputs : parameters)[String(attributes.name)]!.data);
    else {
      opRowOf(op).evaluate(
        operands.map((id) => values[id]!),
        value,
        attributes,
      );
    }
    const isRounded = type.dtype === 'bfloat16' && (isLeaf(op) || opRowOf(op).bfloat16 !== 'carry');
    if (isRounded && stream !== undefined) {
      for (let i = 0; i < data.length; i += 1) data[i]! *= 1 + unitRoundoff * (2 * random.next() - 1);
    }
    values.push(value);
  }
  return named(graph, (node) => values[node]!.data);
}

/** The same of the graph as it is defined: each value in its own precision. */
export function asDefined(graph: Graph, inputs: NamedTensors, parameters: NamedTensors): Named {
  const found = evaluateGraph(graph, inputs, parameters);
  return new Map([
    ...graph.outputs.map(({ name }) => [name, found.outputs[name]!.data] as const),
    ...graph.updates.map(({ parameter }) => [`:${parameter}`, found.parameters[parameter]!.data] as const),
  ]);
}

const named = (graph: Graph, at: (node: number) => ArrayLike<number>): Named =>
  new Map([
    ...graph.outputs.map(({ name, node }) => [name, at(node)] as const),
    ...graph.updates.map(({ parameter, node }) => [`:${parameter}`, at(node)] as const),
  ]);

/** Single numbers, such as losses, as one vector: by chance one draw moves one of them by nothing. */
export function withoutSingles(all: Named): Named {
  const single = [...all].filter(([, values]) => values.length === 1).map(([, values]) => values[0]!);
  return new Map([...[...all].filter(([, values]) => values.length > 1), ['single numbers', single]]);
}

/** Length of a difference. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}

export const lengthOf = (a: ArrayLike<number>): number => distance(a, new Float64Array(a.length));
