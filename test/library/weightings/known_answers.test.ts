/** Weightings on toy problems whose answer is known in closed form. */
import { describe, expect, test } from 'vitest';
import type { Builder, Ref } from '../../../src/graph/builder.ts';
import { expectClose, floats } from '../support.ts';
import { runSteps, weightingGraph } from './support.ts';

/** Losses gₖ · x, whose gradients by the shared x are gₖ whatever x is; plus 100, so that each stays positive. */
const linear =
  (slopes: readonly (readonly number[])[]) =>
  (builder: Builder): Ref[] => {
    const x = builder.parameter('x', [slopes[0]!.length], { kind: 'zeros' });
    return slopes.map((slope) => builder.add(builder.sum(builder.mul(x, builder.constant(slope)), [0]), 100));
  };

/** Losses that are inputs: nothing is shared. */
const given =
  (count: number) =>
  (builder: Builder): Ref[] =>
    Array.from({ length: count }, (_, at) => builder.input(`loss_${at}`, []));

const scalars = (values: readonly number[]) =>
  Object.fromEntries(values.map((value, at) => [`loss_${at}`, floats([], [value])]));

function oneStep(kind: string, slopes: readonly (readonly number[])[], args: Record<string, unknown> = {}) {
  const [step] = runSteps(weightingGraph({ kind, losses: linear(slopes), arguments: args }), 1);
  return { weights: step!.weights, gradient: [...step!.outputs['gradient:x']!.data] };
}

describe('pcgrad', () => {
  test('sums gradients that agree as they are', () => {
    expectClose(
      oneStep('pcgrad', [
        [1, 0],
        [1, 2],
      ]).gradient,
      [2, 2],
    );
  });

  test('takes out of each what goes against the other', () => {
    // (1, 0) and (−1, 1): the first becomes (½, ½), the second (0, 1).
    const { weights, gradient } = oneStep('pcgrad', [
      [1, 0],
      [-1, 1],
    ]);
    expectClose(gradient, [0.5, 1.5]);
    expectClose(weights, [2, 1.5]);
  });

  test('projects on the next task first, and on gradients as they were', () => {
    // By hand, in the order of the file: task 0 against 1 then 2, task 1 against 2 then 0, task 2 against 0 then 1.
    const slopes = [
      [1, 0, 0],
      [-1, 1, 0],
      [-1, -1, 1],
    ];
    const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, each, at) => sum + each * b[at]!, 0);
    const projected = slopes.map((slope, task) =>
      [1, 2].reduce((own, ahead) => {
        const other = slopes[(task + ahead) % 3]!;
        const factor = Math.min(dot(own, other), 0) / dot(other, other);
        return own.map((each, at) => each - factor * other[at]!);
      }, slope),
    );
    expectClose(
      oneStep('pcgrad', slopes).gradient,
      [0, 1, 2].map((at) => projected.reduce((sum, each) => sum + each[at]!, 0)),
    );
  });

  test('of a gradient of zeros is the sum of the others', () => {
    expectClose(
      oneStep('pcgrad', [
        [0, 0],
        [-1, 1],
      ]).gradient,
      [-1, 1],
    );
  });
});

test('pcgrad takes what rounding left of a gradient for none', () => {
  const { weights, gradient } = oneStep('pcgrad', [
    [1e-9, 0],
    [-1, 1],
  ]);
  expectClose(weights, [1, 1]);
  expectClose(gradient, [-1, 1]);
});

describe('pareto', () => {
  test('of two opposed gradients is nothing: neither can gain but by the other', () => {
    const { weights, gradient } = oneStep('pareto', [
      [2, 0],
      [-1, 0],
    ]);
    expectClose(weights, [1 / 3, 2 / 3]);
    expectClose(gradient, [0, 0]);
  });

  test('of two at a right angle is the foot of the perpendicular', () => {
    // w = ‖g₂‖² ÷ (‖g₁‖² + ‖g₂‖²)
    expectClose(
      oneStep('pareto', [
        [3, 0],
        [0, 1],
      ]).weights,
      [0.1, 0.9],
    );
  });

  test('of two that agree is the shorter alone', () => {
    expectClose(
      oneStep('pareto', [
        [1, 0],
        [3, 1],
      ]).weights,
      [1, 0],
    );
    expectClose(
      oneStep(
        'pareto',
        [
          [1, 0],
          [3, 1],
        ],
        { least: 0.2 },
      ).weights,
      [0.8, 0.2],
    );
  });

  test('of three around the origin is nothing', () => {
    const { weights, gradient } = oneStep('pareto', [
      [1, 0],
      [-1, 2],
      [-1, -1],
    ]);
    // w₁ = w₂ + w₃ and 2 w₂ = w₃, of sum 1.
    expectClose(weights, [1 / 2, 1 / 6, 1 / 3], 1e-4);
    expectClose(gradient, [0, 0], 1e-3);
  });

  test('of three at right angles weighs by 1 ÷ ‖g‖²', () => {
    expectClose(
      oneStep('pareto', [
        [1, 0, 0],
        [0, 2, 0],
        [0, 0, 3],
      ]).weights,
      [36 / 49, 9 / 49, 4 / 49],
      1e-4,
    );
  });

  test.each([1e-8, 1e8])('is the same for gradients of another scale: %d', (scale) => {
    const slopes = [
      [1, 0, 0],
      [0, 2, 0],
      [0, 0, 3],
    ].map((row) => row.map((each) => each * scale));
    expectClose(oneStep('pareto', slopes).weights, [36 / 49, 9 / 49, 4 / 49], 1e-4);
  });

  test('of gradients that are all alike, or all zero, is finite and sums to 1', () => {
    for (const slopes of [
      [
        [1, 1],
        [1, 1],
        [1, 1],
      ],
      [
        [0, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    ]) {
      const { weights } = oneStep('pareto', slopes);
      expect(weights.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 5);
    }
  });
});

describe('gradnorm', () => {
  const losses = (builder: Builder): Ref[] => {
    const x = builder.parameter('x', [1], { kind: 'ones' });
    const still = builder.sub(x, builder.stopGradient(x));
    return [1, 4].map((slope) => builder.add(builder.sum(builder.mul(still, slope), [0]), 1));
  };

  test('of losses that train at one rate ends where every task pulls alike', () => {
    // ‖∇L‖ are 1 and 4: w₁ = 4 w₂, and they sum to 2.
    const graph = weightingGraph({ kind: 'gradnorm', losses, arguments: { rate: 0.001 } });
    const steps = runSteps(graph, 1500);
    expectClose(steps[0]!.weights, [1, 1]);
    expectClose(steps.at(-1)!.weights, [1.6, 0.4], 0.01);
  });

  test('lets the task that lags pull harder, by its share to the power of alpha', () => {
    // The second loss has halved, the first has not: relative rates 4/3 and 2/3, so w₁ ‖g₁‖ : w₂ ‖g₂‖ is 2^alpha.
    const lagging = (builder: Builder): Ref[] => {
      const [first, second] = losses(builder) as [Ref, Ref];
      return [first, builder.mul(second, builder.reshape(builder.input('left', [1]), []))];
    };
    const graph = weightingGraph({ kind: 'gradnorm', losses: lagging, arguments: { rate: 0.001, alpha: 1 } });
    const steps = runSteps(graph, 2500, {}, (step) => ({ left: floats([1], [step === 0 ? 1 : 0.5]) }));
    // Pulls: w₁ · 1 and w₂ · 2.
    const [w1, w2] = steps.at(-1)!.weights as [number, number];
    expect(w1 / (2 * w2)).toBeCloseTo(2, 1);
    expect(w1 + w2).toBeCloseTo(2, 5);
  });
});

describe('dwa', () => {
  test('weighs by the ratio of the last two windows, and evenly before there are two', () => {
    const graph = weightingGraph({ kind: 'dwa', losses: given(2), arguments: { temperature: 0.5, window: 2 } });
    // Means of the windows: (4, 8), (2, 8), (1, 4).
    const losses = [
      [3, 8],
      [5, 8],
      [2, 7],
      [2, 9],
      [1, 4],
      [1, 4],
      [1, 1],
    ];
    const steps = runSteps(graph, losses.length, {}, (step) => scalars(losses[step]!));
    const of = (a: number, b: number): number[] => {
      const [x, y] = [Math.exp(a / 0.5), Math.exp(b / 0.5)];
      return [(2 * x) / (x + y), (2 * y) / (x + y)];
    };
    const expected = [[1, 1], [1, 1], [1, 1], [1, 1], of(0.5, 1), of(0.5, 1), of(0.5, 0.5)];
    steps.forEach(({ weights, outputs }, at) => {
      expectClose(weights, expected[at]!);
      expectClose(outputs.loss!.data, [weights[0]! * losses[at]![0]! + weights[1]! * losses[at]![1]!]);
    });
  });
});

describe('famo', () => {
  const graph = weightingGraph({ kind: 'famo', losses: given(2), arguments: { rate: 0.1, decay: 0 } });

  test('of losses that shrink alike weighs by 1 ÷ loss, of sum 1', () => {
    const steps = runSteps(graph, 4, {}, (step) => scalars([8 / 2 ** step, 2 / 2 ** step]));
    for (const { weights } of steps) expectClose(weights, [0.2, 0.8]);
  });

  test('of a loss that stands still while the other halves adds to the one that stands still', () => {
    // z = ½ each and d = (ln 2, 0): δ = ±¼ ln 2, so ξ = ∓0.1 · ¼ ln 2.
    const steps = runSteps(graph, 2, {}, (step) => scalars([2 / 2 ** step, 1]));
    const change = 0.1 * 0.25 * Math.log(2);
    const z = Math.exp(-change) / (Math.exp(-change) + Math.exp(change));
    expectClose(steps[1]!.weights, [z, 1 - z]);
  });
});

test('uncertainty halves the error of a number, as Kendall et al. do: both end at 1 ÷ (2 L)', () => {
  const losses = (builder: Builder) => given(2)(builder).map((loss, at) => ({ loss, regression: at === 0 }));
  const graph = weightingGraph({ kind: 'uncertainty', losses, rate: 0.5 });
  const steps = runSteps(graph, 300, {}, () => scalars([4, 4]));
  expectClose(steps[0]!.weights, [0.5, 1]);
  expectClose(steps[0]!.outputs.loss!.data, [0.5 * 4 + 4]);
  expectClose(steps.at(-1)!.weights, [1 / 8, 1 / 8], 1e-4);
});
