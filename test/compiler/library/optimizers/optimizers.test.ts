import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../../../src/compiler/library/contract.ts';
import { optimizers } from '../../../../src/compiler/library/optimizers/table.ts';
import { makeBuilder } from '../../../../src/graph/builder.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { expectClose, floats } from '../support.ts';

const defaultsOf = (kind: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(optimizers[kind]!.parameters).map(([name, { default: value }]) => [name, value]));

/** Weights after steps on given gradients, at a rate. */
function trained(kind: string, args: Record<string, unknown>, rate: number, gradients: readonly number[][]): number[] {
  const row = optimizers[kind]!;
  const all = { ...defaultsOf(kind), ...args };
  const width = gradients[0]!.length;
  const builder = makeBuilder(kind);
  const weights = builder.parameter('weights', [width], { kind: 'zeros' });
  const slots = row
    .slots(all)
    .map(({ name }) => builder.parameter(name, [width], { kind: 'zeros' }, { trainable: false }));
  const next = row.update(
    builder,
    {
      weights,
      slots,
      gradient: builder.input('gradient', [width]),
      rate: builder.input('rate', []),
      step: builder.input('step', []),
    },
    all,
  );
  builder.update(weights, next.weights);
  next.slots.forEach((slot, at) => {
    builder.update(slots[at]!, slot);
  });
  const graph = builder.finish();
  let parameters: Parameters<typeof evaluateGraph>[2] = {
    weights: floats([width], new Array(width).fill(1)),
    ...Object.fromEntries(
      row.slots(all).map((slot) => [slot.name, floats([width], new Array(width).fill(slot.initial))]),
    ),
  };
  gradients.forEach((gradient, at) => {
    const inputs = { gradient: floats([width], gradient), rate: floats([], [rate]), step: floats([], [at + 1]) };
    parameters = evaluateGraph(graph, inputs, parameters).parameters;
  });
  return [...parameters.weights!.data];
}

const gradients = [
  [0.5, -2],
  [0.1, 3],
  [-0.4, 0],
];

/** Each published update in plain numbers, weights from 1. */
const published: Readonly<Record<string, (rate: number) => number[]>> = {
  sgd: (rate) => [0, 1].map((at) => gradients.reduce((w, g) => w - rate * g[at]!, 1)),
  adagrad: (rate) =>
    [0, 1].map((at) => {
      let [w, a] = [1, 0.1];
      for (const g of gradients) {
        a += g[at]! ** 2;
        w -= (rate * g[at]!) / (Math.sqrt(a) + 1e-7);
      }
      return w;
    }),
  adam: (rate) => [0, 1].map((at) => adam(at, rate, 0)),
  adamw: (rate) => [0, 1].map((at) => adam(at, rate, 0.01)),
  lamb(rate) {
    const w = [1, 1];
    const [m, v] = [w.map(() => 0), w.map(() => 0)];
    gradients.forEach((g, index) => {
      const u = w.map((_, at) => {
        m[at] = 0.9 * m[at]! + 0.1 * g[at]!;
        v[at] = 0.999 * v[at]! + 0.001 * g[at]! ** 2;
        return m[at]! / (1 - 0.9 ** (index + 1)) / (Math.sqrt(v[at]! / (1 - 0.999 ** (index + 1))) + 1e-6);
      });
      const ratio = Math.hypot(...w) / Math.hypot(...u);
      u.forEach((each, at) => {
        w[at]! -= rate * ratio * each;
      });
    });
    return w;
  },
};

function adam(at: number, rate: number, decay: number): number {
  let [w, m, v] = [1, 0, 0];
  gradients.forEach((g, index) => {
    const t = index + 1;
    m = 0.9 * m + 0.1 * g[at]!;
    v = 0.999 * v + 0.001 * g[at]! ** 2;
    const change = m / (1 - 0.9 ** t) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
    w -= rate * (change + decay * w);
  });
  return w;
}

test('every optimizer has a published update to be held to', () => {
  expect(Object.keys(published).sort()).toEqual(Object.keys(optimizers).sort());
});

test.each(Object.keys(optimizers))('%s makes its published update, three times', (kind) => {
  expectClose(trained(kind, {}, 0.05, gradients), published[kind]!(0.05), 1e-6);
});

describe('adam', () => {
  test('its first step is the rate in the direction of the gradient, however small that is', () => {
    expectClose(trained('adam', {}, 0.01, [[1e-3, -1e3]]), [0.99, 1.01], 1e-6);
  });

  test('corrects its bias exactly at step 1 and after a million', () => {
    const builder = makeBuilder('bias');
    const row = optimizers.adam!;
    const next = row.update(
      builder,
      {
        weights: builder.constant([0]),
        gradient: builder.constant([1]),
        slots: [builder.constant([0]), builder.constant([0])],
        rate: builder.constant(1),
        step: builder.input('step', []),
      },
      defaultsOf('adam'),
    );
    builder.output('w', next.weights);
    const at = (step: number): number =>
      evaluateGraph(builder.finish(), { step: floats([], [step]) }, {}).outputs.w!.data[0]!;
    expectClose([at(1)], [-1], 1e-6);
    expectClose([at(1e6)], [-0.1 / Math.sqrt(0.001)], 1e-5);
  });

  test('with a beta of 0 it has no memory', () => {
    expectClose(trained('adam', { beta1: 0, beta2: 0 }, 0.1, [[5], [-3]]), [1], 1e-6);
  });
});

describe('lamb', () => {
  test('its first step is as long as the weights, times the rate', () => {
    expectClose(trained('lamb', {}, 0.1, [[3, -4]]), [0.9, 1.1], 1e-6);
  });

  test('weights of 0, and steps of 0, count as 1', () => {
    expectClose(trained('lamb', {}, 0.1, [[0, 0]]), [1, 1], 1e-6);
  });
});

describe('rows of embedding tables', () => {
  test('have the settings of the dense update', () => {
    const args = { ...defaultsOf('adamw'), rate: 0.3, beta1: 0.8, warmup: 7, decay: 'cosine' };
    expect(optimizers.adamw!.rows(args)).toEqual({
      kind: 'adam',
      rate: 0.3,
      schedule: { warmup: 7, decay: 'cosine' },
      initialAccumulator: 0,
      epsilon: 1e-8,
      beta1: 0.8,
      beta2: 0.999,
      weightDecay: 0.01,
      l2: 0,
    });
    expect(optimizers.adagrad!.rows(defaultsOf('adagrad'))).toMatchObject({ kind: 'adagrad', initialAccumulator: 0.1 });
    expect(optimizers.adagrad!.rows({ ...defaultsOf('adagrad'), per: 'row' }).kind).toBe('row_adagrad');
    expect(optimizers.sgd!.rows(defaultsOf('sgd'))).toMatchObject({ kind: 'sgd', weightDecay: 0 });
  });

  test('only they can be updated per row', () => {
    expect(() => trained('adagrad', { per: 'row' }, 0.1, [[1]])).toThrow(ShapeError);
  });
});
