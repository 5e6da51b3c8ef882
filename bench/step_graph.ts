/**
 * The training step of docs/architecture.md: two towers 256→256→128→64 with relu, L2, in-batch softmax at temperature 0.05,
 * plain gradient descent, and the gradients of both inputs handed back.
 */
import type { Tensors } from '../src/engine/engine.ts';
import { type Builder, makeBuilder, type Ref } from '../src/graph/builder.ts';
import { gradients } from '../src/graph/differentiate.ts';
import { resolveShape, type Sizes } from '../src/graph/dims.ts';
import type { Dim, Graph, Tensor } from '../src/graph/graph.ts';
import { simplify } from '../src/graph/simplify.ts';
import type { LossContext } from '../src/library/contract.ts';
import { softmax } from '../src/library/losses/softmax.ts';
import { makeRandom } from '../src/random/random.ts';

const batch: Dim = { symbol: 'batch', times: 1 };
const widths = [256, 256, 128, 64];
const rate = 0.1;

function tower(b: Builder, name: string, input: Ref): { readonly vector: Ref; readonly parameters: readonly Ref[] } {
  const parameters: Ref[] = [];
  let x = input;
  for (let layer = 1; layer < widths.length; layer += 1) {
    const [from, to] = [widths[layer - 1]!, widths[layer]!];
    const weights = b.parameter(`${name}/weights_${layer}`, [from, to], { kind: 'glorot', fans: [from, to] });
    const bias = b.parameter(`${name}/bias_${layer}`, [to], { kind: 'zeros' });
    parameters.push(weights, bias);
    x = b.add(b.matMul(x, weights), bias);
    if (layer < widths.length - 1) x = b.relu(x);
  }
  const inverse = b.rsqrt(b.maximum(b.sum(b.square(x), [1], true), 1e-12));
  return { vector: b.mul(x, inverse), parameters };
}

export function stepGraph(): Graph {
  const b = makeBuilder('step');
  const inputs = ['user', 'item'].map((name) => b.input(name, [batch, widths[0]!]));
  const [user, item] = ['user', 'item'].map((name, i) => tower(b, name, inputs[i]!)) as [
    ReturnType<typeof tower>,
    ReturnType<typeof tower>,
  ];
  const unused = (): never => {
    throw new Error('a loss without correction or mask asks for nothing more');
  };
  const context: LossContext = {
    builder: b,
    training: true,
    listsItems: () => false,
    key: 'item',
    task: 'watch',
    input: unused,
    fresh: unused,
    through: unused,
    keep: unused,
    readout: unused,
    scoreOf: unused,
  };
  const score = { query: user.vector, item: item.vector, width: widths.at(-1)!, bound: 1 };
  const choices = { in_batch: true, temperature: 0.05, correction: 'none', accidental_hits: 'keep' };
  const loss = softmax.lower(context, score, choices as Parameters<typeof softmax.lower>[2]);
  const parameters = [...user.parameters, ...item.parameters];
  const all = gradients(b, loss, [...inputs, ...parameters]);
  b.output('loss', loss);
  b.output('gradient:user', all[0]!);
  b.output('gradient:item', all[1]!);
  parameters.forEach((parameter, i) => {
    b.update(parameter, b.sub(parameter, b.mul(all[i + 2]!, rate)));
  });
  return simplify(b.finish());
}

/** One product [rows, inner] · [inner, columns] of parameters, of which only a number comes back: nothing is copied. */
export function productGraph(rows: number, inner: number, columns: number): Graph {
  const b = makeBuilder('product');
  const left = b.parameter('left', [rows, inner], { kind: 'glorot', fans: [rows, inner] });
  const right = b.parameter('right', [inner, columns], { kind: 'glorot', fans: [inner, columns] });
  b.output('largest', b.max(b.matMul(left, right), [0, 1]));
  return b.finish();
}

/** Multiplications and additions of a graph's matrix products in one run. */
export function productFlops(graph: Graph, sizes: Sizes): number {
  let flops = 0;
  for (const { op, inputs, attributes, type } of graph.nodes) {
    if (op !== 'MatMul') continue;
    const [rows, columns] = resolveShape(type.shape, sizes) as [number, number];
    const inner = resolveShape(graph.nodes[inputs[0]!]!.type.shape, sizes)[attributes.transposeA ? 0 : 1]!;
    flops += 2 * rows * columns * inner;
  }
  return flops;
}

/** Uniform numbers for every input or parameter of a graph. */
export function randomTensors(graph: Graph, which: 'inputs' | 'parameters', sizes: Sizes, stream = 0): Tensors {
  const random = makeRandom(11, stream);
  return Object.fromEntries(
    graph[which].map(({ name, node }): [string, Tensor] => {
      const { dtype } = graph.nodes[node]!.type;
      const shape = resolveShape(graph.nodes[node]!.type.shape, sizes);
      const data = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
      const limit = which === 'inputs' ? 1 : name.includes('bias') ? 0 : Math.sqrt(6 / (shape[0]! + (shape[1] ?? 0)));
      random.fill(data, -limit, limit);
      return [name, { dtype, shape, data }];
    }),
  );
}
