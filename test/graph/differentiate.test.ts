import { beforeAll, describe, expect, it } from 'vitest';
import { type Builder, GraphTypeError, makeBuilder, type Ref } from '../../src/graph/builder.ts';
import { differentiate } from '../../src/graph/differentiate.ts';
import { symbolicDim } from '../../src/graph/dims.ts';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import { opNames, type Tensor } from '../../src/graph/graph.ts';
import { isLeaf, opRowOf } from '../../src/graph/ops/table.ts';
import { verifyGraph } from '../../src/graph/verify.ts';
import { gradientCases } from './cases.ts';
import { batch, expectClose, expectGradientsToMatchDifferences, gradientGraph, named, tensor } from './support.ts';
import { tfjsCanRun, tfjsGradients } from './tfjs.ts';

describe('the gradient of each op agrees with central differences', () => {
  for (const [name, testCase] of Object.entries(gradientCases)) {
    it(name, () => expectGradientsToMatchDifferences(testCase));
  }

  it('for every op that has one', () => {
    const tested = new Set(
      Object.values(gradientCases).flatMap((each) => gradientGraph(each).graph.nodes.map(({ op }) => op)),
    );
    const differentiable = opNames.filter(
      (op) => !isLeaf(op) && opRowOf(op).gradient !== 'none' && op !== 'StopGradient',
    );
    expect(differentiable.filter((op) => !tested.has(op))).toEqual([]);
  });
});

describe('the gradient of each op agrees with the autodiff of tfjs', () => {
  let tf: typeof import('@tensorflow/tfjs');
  beforeAll(async () => {
    tf = await import('@tensorflow/tfjs');
    await tf.setBackend('cpu');
  });
  const leftOut: string[] = [];

  for (const [name, testCase] of Object.entries(gradientCases)) {
    const { graph, given, weights } = gradientGraph(testCase);
    if (!tfjsCanRun(graph)) {
      leftOut.push(name);
      continue;
    }
    it(name, () => {
      const inputs: Record<string, Tensor> = { ...named(given), weights };
      const by = graph.outputs.flatMap((output) => (output.name.startsWith('gradient:') ? [output.name.slice(9)] : []));
      const expected = tfjsGradients(tf, graph, inputs, by);
      const { outputs } = evaluateGraph(graph, inputs, {});
      by.forEach((input, i) => {
        expectClose(outputs[`gradient:${input}`]!.data, expected[i]!);
      });
    });
  }

  it('but for those that tfjs cannot differentiate', () => {
    const others = ['AllGather', 'AllReduce'];
    expect(leftOut).toEqual(['Select against a number', 'ScatterUpdate', 'ScatterUpdate under a row sum', ...others]);
  });
});

/** Gradient of the sum of what is built, by each input. */
function gradientsOf(build: (b: Builder, ...inputs: Ref[]) => Ref, ...given: Tensor[]): (number[] | undefined)[] {
  const b = makeBuilder('test');
  const refs = given.map((value, i) => b.input(`x${i}`, value.shape, value.dtype));
  const y = build(b, ...refs);
  const found = differentiate(
    b,
    b.sum(
      y,
      y.type.shape.map((_, axis) => axis),
    ),
    refs,
  );
  found.forEach((gradient, i) => {
    if (gradient) b.output(`g${i}`, gradient);
  });
  const { outputs } = evaluateGraph(b.finish(), named(given), {});
  return found.map((_, i) => outputs[`g${i}`] && [...outputs[`g${i}`]!.data]);
}

describe('where a function has no derivative', () => {
  it('Maximum gives equals half each', () => {
    expect(gradientsOf((b, x, y) => b.maximum(x!, y!), tensor([1, 2, 3]), tensor([2, 2, 2]))).toEqual([
      [0, 0.5, 1],
      [1, 0.5, 0],
    ]);
  });

  it('Minimum gives equals half each', () => {
    expect(gradientsOf((b, x, y) => b.minimum(x!, y!), tensor([1, 2, 3]), tensor([2, 2, 2]))).toEqual([
      [1, 0.5, 0],
      [0, 0.5, 1],
    ]);
  });

  it('Maximum and Minimum with a number give nothing where they are equal', () => {
    expect(gradientsOf((b, x) => b.maximum(x!, 2), tensor([1, 2, 3]))).toEqual([[0, 0, 1]]);
    expect(gradientsOf((b, x) => b.minimum(x!, 2), tensor([1, 2, 3]))).toEqual([[1, 0, 0]]);
  });

  it('Max shares equally among the largest', () => {
    expect(gradientsOf((b, x) => b.max(x!, [0]), tensor([3, 1, 3, 3]))).toEqual([
      [1 / 3, 0, 1 / 3, 1 / 3].map(Math.fround),
    ]);
  });

  it('Relu and Abs give 0 at 0', () => {
    expect(gradientsOf((b, x) => b.relu(x!), tensor([-1, 0, 1]))).toEqual([[0, 0, 1]]);
    expect(gradientsOf((b, x) => b.abs(x!), tensor([-1, 0, 1]))).toEqual([[-1, 0, 1]]);
  });
});

describe('gradients', () => {
  it('of what does not depend on a value, or only through ops without one, are undefined', () => {
    const [byX, byY, byZ] = gradientsOf(
      (b, x, y) => b.add(b.square(x!), b.add(b.stopGradient(y!), b.cast(b.greater(x!, y!), 'float32'))),
      tensor([2, 3]),
      tensor([1, 1]),
      tensor([5]),
    );
    expect(byX).toEqual([4, 6]);
    expect(byY).toBeUndefined();
    expect(byZ).toBeUndefined();
  });

  it('of masked scores are zero at the mask, and go to what was written there', () => {
    const [byScores, byUpdates] = gradientsOf(
      (b, x, u) => b.square(b.scatterUpdate(x!, b.constant([0, 1], [1, 2], 'int32'), u!)),
      tensor([
        [1, 2],
        [3, 4],
      ]),
      tensor([10]),
    );
    expect(byScores).toEqual([2, 0, 6, 8]);
    expect(byUpdates).toEqual([20]);
  });

  it('may be taken of several losses of one graph, and by values on the way', () => {
    const b = makeBuilder('tasks');
    const x = b.input('x', [batch, 2]);
    const w = b.parameter('w', [2, 2], { kind: 'ones' });
    const shared = b.tanh(b.matMul(x, w));
    const first = b.sum(b.square(shared), [0, 1]);
    const second = b.mean(shared, [0, 1]);
    const total = b.add(first, b.mul(second, 3));
    const names = ['first', 'second', 'total'];
    [first, second, total].forEach((loss, i) => {
      const [byShared, byW] = differentiate(b, loss, [shared, w]);
      b.output(`${names[i]}:shared`, byShared!);
      b.output(`${names[i]}:w`, byW!);
    });
    const graph = b.finish();
    expect(verifyGraph(graph)).toEqual([]);
    const { outputs } = evaluateGraph(
      graph,
      {
        x: tensor([
          [0.1, 0.2],
          [0.3, -0.4],
        ]),
      },
      {
        w: tensor([
          [1, -1],
          [0.5, 2],
        ]),
      },
    );
    for (const by of ['shared', 'w']) {
      const [one, two, all] = names.map((name) => outputs[`${name}:${by}`]!.data);
      expectClose(
        all!,
        Array.from(one!, (value, i) => value + 3 * two![i]!),
        1e-6,
      );
      expect(all!.some((value) => Math.abs(value) > 0.01)).toBe(true);
    }
  });

  it('may be taken of gradients: the second derivative of x³ is 6x', () => {
    const b = makeBuilder('twice');
    const x = b.input('x', [batch]);
    const [first] = differentiate(b, b.sum(b.mul(b.square(x), x), [0]), [x]);
    const [second] = differentiate(b, b.sum(first!, [0]), [x]);
    b.output('second', second!);
    expect([...evaluateGraph(b.finish(), { x: tensor([1, 2, -3]) }, {}).outputs.second!.data]).toEqual([6, 12, -18]);
  });

  it('of a row sum stay a column: nothing is broadcast for elementwise ops', () => {
    const b = makeBuilder('lazy');
    const x = b.input('x', [batch, 4]);
    const loss = b.sum(b.log(b.sum(b.exp(x), [1])), [0]);
    const before = b.nodes.length;
    differentiate(b, loss, [x]);
    const added = b.nodes.slice(before).map(({ op }) => op);
    expect(added).not.toContain('BroadcastTo');
    expect(added).toEqual(['Constant', 'Div', 'Reshape', 'Mul']);
  });

  it('bear the label of what they are gradients of', () => {
    const b = makeBuilder('labels');
    const x = b.input('x', [batch, 4]);
    const y = b.scope('user', () => b.scope('main', () => b.exp(x)));
    const before = b.nodes.length;
    differentiate(b, b.sum(y, [0, 1]), [x]);
    expect(b.nodes.slice(before).find(({ op }) => op === 'Mul')?.label).toBe('gradient/user/main');
  });

  it('by a value that is the loss itself are 1', () => {
    const b = makeBuilder('itself');
    const x = b.input('x', []);
    b.output('g', differentiate(b, x, [x])[0]!);
    expect([...evaluateGraph(b.finish(), { x: tensor(5) }, {}).outputs.g!.data]).toEqual([1]);
  });

  it('are refused for a loss that is no scalar', () => {
    const b = makeBuilder('vector');
    const x = b.input('x', [batch]);
    expect(() => differentiate(b, x, [x])).toThrow(
      new GraphTypeError('a loss is a float32 scalar, not float32[batch]'),
    );
  });

  it('are refused past the first operand of a join along a symbolic axis', () => {
    const b = makeBuilder('join');
    const x = b.input('x', [batch, 2]);
    const y = b.input('y', [symbolicDim('batch', 4), 2]);
    const joined = b.sum(b.concat([x, y], 0), [0, 1]);
    const squared = b.sum(b.square(b.concat([x, y], 0)), [0, 1]);
    expect(differentiate(b, joined, [x])[0]?.type).toEqual(x.type);
    expect(differentiate(b, squared, [x])[0]?.type).toEqual(x.type);
    expect(() => differentiate(b, squared, [y])).toThrow(/no gradient past the first operand/);
  });
});
