/** Graphs at random, for properties that hold of every graph. */
import { type Builder, GraphTypeError, makeBuilder, type Ref } from '../../src/graph/builder.ts';
import { differentiate } from '../../src/graph/differentiate.ts';
import { sameShape, symbolicDim } from '../../src/graph/dims.ts';
import type { Graph, Tensor } from '../../src/graph/graph.ts';
import { printGraph } from '../../src/graph/print_graph.ts';
import fc from '../fast_check.ts';
import { batch, randomTensor, tensor } from './support.ts';

/** What can be done next with some of the values so far. Those that jump are kept to inputs, where rounding cannot tip them. */
type Step = (b: Builder, x: Ref, y: Ref, n: number, leaf: Ref) => Ref;

const axesOf = (x: Ref, n: number): number[] => x.type.shape.map((_, axis) => axis).filter((axis) => (n >> axis) & 1);

/** Only of a known number of columns: a number past the end of a symbolic axis shows when the graph runs. */
function columns(b: Builder, x: Ref, begin: number, count: number): Ref {
  if (typeof x.type.shape[1] !== 'number') throw new GraphTypeError('not of a symbol');
  return b.slice(x, [0, begin], [-1, count]);
}

const steps: readonly Step[] = [
  (b, x, y) => b.add(x, y),
  (b, x, y) => b.sub(x, y),
  (b, x, y) => b.mul(x, y),
  (b, x, y) => b.mul(x, y),
  (b, x, y) => b.div(x, b.add(b.square(y), 1.5)),
  (b, x, _, n) => b.mul(x, [1, -1, 0.5, 3][n % 4]!),
  (b, x, _, n) => b.add([0, 0.25][n % 2]!, x),
  (b, x, _, n) => b.sub([0, 1][n % 2]!, x),
  (b, x, _, n) => b.div(x, [1, 2, -4][n % 3]!),
  (b, x) => b.neg(x),
  (b, x) => b.exp(b.tanh(x)),
  (b, x) => b.tanh(x),
  (b, x) => b.log(b.add(b.square(x), 1)),
  (b, x) => b.softplus(x),
  (b, x) => b.stopGradient(x),
  (b, x) => b.cast(x, 'float32'),
  (b, x) => b.logSoftmax(x),
  (b, x, y, _, leaf) => b.select(b.greater(leaf, 0.1), x, y),
  (b, x, y, _, leaf) => b.mul(b.maximum(leaf, 0.2), b.add(x, y)),
  (b, x, y, n) => b.matMul(x, y, { transposeA: (n & 1) === 1, transposeB: (n & 2) === 2 }),
  (b, x, y, n) => b.matMul(x, y, { transposeA: (n & 1) === 1, transposeB: (n & 2) === 2 }),
  (b, x, y, n) => b.matMul(b.mul(x, y), x, { transposeA: (n & 1) === 1, transposeB: (n & 2) === 2 }),
  (b, x, _, n) => b.sum(x, axesOf(x, n), n > 7),
  (b, x, _, n) => b.mean(x, axesOf(x, n), n > 7),
  (b, x) => b.transpose(x, x.type.shape.map((_, axis) => axis).reverse()),
  (b, x, _, n) =>
    b.reshape(
      x,
      [[batch, 4], [symbolicDim('batch', 4)], [batch, 2, 2], [4, batch], [batch], [batch, 1], [1, batch]][n % 7]!,
    ),
  (b, x, y, n) => b.concat([x, y], n % 2),
  (b, x, y, n) => b.concat([columns(b, x, 0, n % 3), columns(b, x, n % 3, -1), y], 1),
  (b, x, _, n) => columns(b, x, n % 3, 2),
  (b, x, _, n) => b.pad(x, [0, n % 3], [0, 2]),
  (b, x, y) => b.broadcastTo(x, y),
  (b, x, _, n) => b.gather(x, b.constant([x.type.shape[0] === 1 ? 0 : n % 2, 0], [2], 'int32')),
  (b, x, _, n) => b.scatterUpdate(x, b.constant([0, 0], [1, 2], 'int32'), b.constant([n % 2 === 0 ? 0 : -1e9])),
  (b, x) => b.exp(b.scatterUpdate(b.tanh(x), b.constant([0, 0], [1, 2], 'int32'), b.constant([-1e9]))),
];

const leaves: readonly Tensor[] = [
  randomTensor([3, 4], 1),
  randomTensor([3, 4], 2),
  randomTensor([3, 1], 3),
  randomTensor([4], 4),
  randomTensor([], 5),
  randomTensor([3], 6),
  randomTensor([4, 4], 7),
];
const leafShapes = [[batch, 4], [batch, 4], [batch, 1], [4], [], [batch], [4, 4]];

export const randomInputs: Readonly<Record<string, Tensor>> = {
  ...Object.fromEntries(leaves.map((leaf, i) => [`x${i}`, leaf])),
  hits: tensor([[0, 2]], 'int32'),
};

const plan = fc.array(fc.tuple(fc.nat(steps.length - 1), fc.nat(), fc.nat(), fc.nat(15)), {
  minLength: 2,
  maxLength: 14,
});

/** A graph with a few outputs, a loss, and the loss's gradients by its inputs. */
export const randomGraph: fc.Arbitrary<Graph> = plan.map((picks) => {
  const b = makeBuilder('random');
  const inputs = leafShapes.map((shape, i) => b.input(`x${i}`, shape));
  const user = inputs[0]!;
  // the square of two batches is where the passes have most to do
  const values = [...inputs, b.matMul(user, inputs[1]!, { transposeB: true })];
  // recent values are picked more often, so that long chains come about
  const choose = (n: number): Ref => values[values.length - 1 - (n % (1 + (n % values.length)))]!;
  for (const [step, first, second, n] of picks) {
    try {
      values.push(steps[step]!(b, choose(first), choose(second), n, inputs[n % inputs.length]!));
    } catch (error) {
      if (!(error instanceof GraphTypeError)) throw error;
    }
  }
  const kept = values.slice(-3).filter(({ type }) => type.dtype === 'float32');
  const total = kept
    .map((value) =>
      b.sum(
        b.tanh(value),
        value.type.shape.map((_, axis) => axis),
      ),
    )
    .reduce((x, y) => b.add(x, y));
  kept.forEach((value, i) => {
    b.output(`y${i}`, value);
  });
  b.output('loss', total);
  try {
    differentiate(b, total, inputs).forEach((gradient, i) => {
      if (gradient && sameShape(gradient.type.shape, leafShapes[i]!)) b.output(`gradient:${i}`, gradient);
    });
  } catch (error) {
    // a join along the batch, or rows of a symbolic count: refused by design
    if (!(error instanceof GraphTypeError)) throw error;
  }
  const graph = b.finish();
  return Object.defineProperty(graph, fc.toStringMethod, { value: () => printGraph(graph) });
});
