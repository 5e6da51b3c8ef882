/**
 * The training step of docs/architecture.md: two towers 256→256→128→64 with relu, L2, in-batch softmax at temperature 0.05,
 * plain gradient descent, and the gradients of both inputs handed back.
 */
import { makeRandom } from '../src/base/random/random.ts';
import { makeSource } from '../src/base/text/source.ts';
import { compileSource } from '../src/compiler/pipeline.ts';
import type { Tensors } from '../src/engines/engine.ts';
import { makeBuilder } from '../src/graph/builder.ts';
import { resolveShape, type Sizes } from '../src/graph/dims.ts';
import { hostDtype } from '../src/graph/evaluate.ts';
import type { Graph, Tensor } from '../src/graph/graph.ts';

const text = `model step
features {
  user : id(dim: 256)
  item : id(dim: 256)
}
tower asks(user) keyed by user    { channel main = user -> mlp(256, 128, 64) }
tower answers(item) keyed by item { channel main = item -> mlp(256, 128, 64) }
task watch {
  score = cosine(asks, answers)
  loss  = softmax(in_batch, temperature: 0.05, accidental_hits: keep)
}
train { dense = sgd(rate: 0.1) }
`;

export function stepGraph(): Graph {
  const { lowered, diagnostics } = compileSource(makeSource('step.tower', text));
  if (!lowered) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  return lowered.plan.step.graph;
}

/** One product [rows, inner] · [inner, columns] of parameters, of which only a number comes back: nothing is copied. */
export function productGraph(rows: number, inner: number, columns: number): Graph {
  const b = makeBuilder('product');
  const left = b.parameter('left', [rows, inner], { kind: 'glorot', fans: [rows, inner] });
  const right = b.parameter('right', [inner, columns], { kind: 'glorot', fans: [inner, columns] });
  b.output('largest', b.max(b.matMul(left, right), [0, 1]));
  return b.finish();
}

/** Every product of a graph at these sizes, in its own shape, of parameters, and of each but one number: what no step can do without. */
export function productsOf(graph: Graph, sizes: Sizes): Graph {
  const b = makeBuilder('products');
  const numbers = graph.nodes
    .filter(({ op }) => op === 'MatMul')
    .map(({ inputs, attributes }, index) => {
      const [left, right] = inputs.map((input, side) => {
        const shape = resolveShape(graph.nodes[input]!.type.shape, sizes) as [number, number];
        return b.parameter(`${index}_${side === 0 ? 'left' : 'right'}`, shape, { kind: 'glorot', fans: shape });
      });
      return b.slice(b.matMul(left!, right!, attributes), [0, 0], [1, 1]);
    });
  b.output('numbers', b.concat(numbers, 0));
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
      return [name, { dtype: hostDtype(dtype), shape, data }];
    }),
  );
}
