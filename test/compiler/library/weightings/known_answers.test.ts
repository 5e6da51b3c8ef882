/** Weightings on toy problems whose answer is known in closed form. */
import { describe, expect, test } from 'vitest';
import type { TaskLoss } from '../../../../src/compiler/library/contract.ts';
import type { Builder, Ref } from '../../../../src/graph/builder.ts';
import { expectClose, floats } from '../support.ts';
import { runSteps, type Toy, weightingGraph } from './support.ts';

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

  test('of a loss that does not change while the other halves adds to the one that does not change', () => {
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

describe('a task of which a batch has no row', () => {
  /** Losses and presence by step, as inputs; the same numbers with and without a task that is absent. */
  const sometimes =
    (count: number) =>
    (builder: Builder): Omit<TaskLoss, 'task'>[] =>
      given(count)(builder).map((loss, at) => ({
        loss,
        regression: false,
        present: builder.input(`present_${at}`, []),
      }));
  const fed = (losses: readonly (number | undefined)[]) => ({
    ...scalars(losses.map((loss) => loss ?? 0)),
    ...Object.fromEntries(losses.map((loss, at) => [`present_${at}`, floats([], [loss === undefined ? 0 : 1])])),
  });
  const run = (kind: string, losses: readonly (readonly (number | undefined)[])[], more: Partial<Toy> = {}) =>
    runSteps(weightingGraph({ kind, losses: sometimes(losses[0]!.length), ...more }), losses.length, {}, (step) =>
      fed(losses[step]!),
    );

  test.each([
    [
      [
        [1, 2],
        [0, 0],
      ],
      [1, 0],
      [1, 2],
    ],
    [
      [
        [0, 0],
        [1, 2],
      ],
      [0, 1],
      [1, 2],
    ],
    // The two that have a gradient are at a right angle: w = ‖g₂‖² ÷ (‖g₁‖² + ‖g₂‖²).
    [
      [
        [3, 0],
        [0, 0],
        [0, 1],
      ],
      [0.1, 0, 0.9],
      [0.3, 0.9],
    ],
    [
      [
        [0, 0],
        [0, 0],
        [0, 1],
      ],
      [0, 0, 1],
      [0, 1],
    ],
  ])('pareto: holds no other back, gradients %j', (slopes, weights, gradient) => {
    for (const least of [0, 0.05]) {
      const step = oneStep('pareto', slopes, { least });
      expectClose(step.weights, weights, 1e-5);
      expectClose(step.gradient, gradient, 1e-5);
    }
  });

  test('famo: weighs the others by themselves, and learns from the last batch that had rows', () => {
    const rate = { arguments: { rate: 0.1, decay: 0.01 } };
    const steps = run(
      'famo',
      [
        [2, 1],
        [2, undefined],
        [undefined, undefined],
        [1, 0.5],
      ],
      rate,
    );
    expectClose(steps[0]!.weights, [1 / 3, 2 / 3]);
    expectClose(steps[1]!.weights, [1, 0]);
    expectClose(steps[2]!.weights, [0, 0]);
    expectClose(steps[1]!.outputs.loss!.data, [2]);
    // Since their last rows both have halved: what is left is 1 ÷ loss, and ξ of 0 but for the first's decay of nothing.
    expectClose(steps[3]!.weights, [1 / 3, 2 / 3]);
  });

  test('dwa: its mean is over the steps that had rows, and stays where none had', () => {
    const rows = [
      [2, 4],
      [2, undefined],
      [1, undefined],
      [1, 4],
      [1, undefined],
      [1, undefined],
      [1, 2],
    ];
    const steps = run('dwa', rows, { arguments: { temperature: 0.5, window: 2 } });
    const of = (a: number, b: number): number[] => {
      const [x, y] = [Math.exp(a / 0.5), Math.exp(b / 0.5)];
      return [(2 * x) / (x + y), (2 * y) / (x + y)];
    };
    // Means of the windows: (2, 4), (1, 4), (1, 4 again).
    const expected = [[1, 1], [1, 1], [1, 1], [1, 1], of(0.5, 1), of(0.5, 1), of(1, 1)];
    steps.forEach(({ weights }, at) => {
      expectClose(weights, expected[at]!);
    });
  });

  test('uncertainty: leaves its variance as it is', () => {
    const steps = run(
      'uncertainty',
      [
        [1, undefined],
        [1, undefined],
        [1, 3],
      ],
      { rate: 0.5 },
    );
    // sₖ ← sₖ − ½ (½ − e^−sₖ L): 0, then ¼.
    expectClose(
      steps.map(({ weights }) => weights[0]!),
      [1, Math.exp(-0.25), Math.exp(-0.25 - 0.5 * (Math.exp(-0.25) - 0.5))],
    );
    expectClose(
      steps.map(({ weights }) => weights[1]!),
      [1, 1, 1],
    );
    expectClose(steps[0]!.outputs.loss!.data, [1]);
  });

  test('gradnorm: is no part of what the others are drawn to', () => {
    // Three tasks of which the third is absent move as two do, before all are scaled to sum to their number.
    const slopes = [1, 4, 0];
    const losses =
      (count: number) =>
      (builder: Builder): Omit<TaskLoss, 'task'>[] => {
        const x = builder.parameter('x', [1], { kind: 'ones' });
        const still = builder.sub(x, builder.stopGradient(x));
        return slopes
          .slice(0, count)
          .map((slope) => ({
            loss: builder.sum(builder.add(builder.mul(still, slope), slope === 0 ? 0 : 1), [0]),
            regression: false,
            present: builder.constant(slope === 0 ? 0 : 1),
          }));
      };
    const weightsOf = (count: number): number[] => {
      const graph = weightingGraph({ kind: 'gradnorm', losses: losses(count), arguments: { rate: 0.01 } });
      return [...runSteps(graph, 2)[1]!.weights];
    };
    const [a, b] = weightsOf(2) as [number, number];
    const [first, second] = weightsOf(3) as [number, number];
    expect(first / second).toBeCloseTo(a / b, 5);
  });
});
