import { describe, expect, test } from 'vitest';
import { blocks } from '../../../../src/compiler/library/blocks/table.ts';
import type { NamedValue, Value } from '../../../../src/compiler/library/contract.ts';
import { type Builder, makeBuilder } from '../../../../src/graph/builder.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { initialValues } from '../../../../src/graph/initial.ts';
import {
  contextOf,
  expectClose,
  fieldInputs,
  floats,
  random,
  rowsOf,
  run,
  sequenceInput,
  vectorInput,
} from '../support.ts';
import { lowered, refusalOf, tensorOf, typeAfter } from './support.ts';

const a = floats([2, 2], [1, 2, 3, 4]);
const b = floats([2, 3], [5, 6, 7, 8, 9, 10]);

describe('flatten', () => {
  test('puts fields of any widths side by side', () => {
    const y = run((g) => tensorOf(g, lowered(g, 'flatten', fieldInputs(g, [2, 3]))), { a, b });
    expect(rowsOf(y)).toEqual([
      [1, 2, 5, 6, 7],
      [3, 4, 8, 9, 10],
    ]);
    expect(typeAfter('flatten', (g) => fieldInputs(g, [2, 3]))).toBe('vector[5]');
  });

  test('puts a sequence end to end and leaves a vector alone', () => {
    expect(typeAfter('flatten', (g) => sequenceInput(g, 4, 3))).toBe('vector[12]');
    expect(typeAfter('flatten', (g) => vectorInput(g, 7))).toBe('vector[7]');
  });
});

describe('dense', () => {
  test('is activation(x · W + b)', () => {
    const parameters = { weights: floats([2, 2], [1, -1, 0.5, 2]), bias: floats([2], [0.25, -8]) };
    const dense = (activation: string) =>
      run((g) => tensorOf(g, lowered(g, 'dense', vectorInput(g, 2), { units: 2, activation })), { x: a }, parameters);
    expect([...dense('linear').data]).toEqual([2.25, -5, 5.25, -3]);
    expect([...dense('relu').data]).toEqual([2.25, 0, 5.25, 0]);
    expectClose(dense('tanh').data, [2.25, -5, 5.25, -3].map(Math.tanh));
    expectClose(
      dense('swish').data,
      [2.25, -5, 5.25, -3].map((x) => x / (1 + Math.exp(-x))),
    );
  });

  test('takes a single field as the vector that it is', () => {
    const parameters = { weights: floats([2, 1], [1, 10]), bias: floats([1], [0]) };
    const y = run((g) => tensorOf(g, lowered(g, 'dense', fieldInputs(g, [2]), { units: 1 })), { a }, parameters);
    expect([...y.data]).toEqual([21, 43]);
  });

  test('takes vectors only, and says what would make one', () => {
    const fields = refusalOf('dense', (g) => fieldInputs(g, [4, 4]), { units: 2 });
    expect(fields.reason).toBe('needs a vector, but gets fields[2 × 4]');
    expect(fields.insert).toBe('flatten');
    expect(refusalOf('gaussian', (g) => sequenceInput(g, 5, 4)).insert).toBe('mean');
  });
});

describe('mlp', () => {
  test('has its activation after every layer but the last, which is linear', () => {
    const parameters = {
      weights_0: floats([2, 2], [1, -1, 0, 0]),
      bias_0: floats([2], [0, 0]),
      weights_1: floats([2, 1], [-1, 5]),
      bias_1: floats([1], [0]),
    };
    const mlp = (args: object) =>
      run((g) => tensorOf(g, lowered(g, 'mlp', vectorInput(g, 2), { units: [2, 1], ...args })), { x: a }, parameters);
    expect([...mlp({}).data]).toEqual([-1, -3]);
    expect([...mlp({ last: 'relu' }).data]).toEqual([0, 0]);
    expectClose(
      mlp({ activation: 'tanh', last: 'tanh' }).data,
      [1, 3].map((x) => Math.tanh(-6 * Math.tanh(x))),
    );
  });

  test('gives a vector as wide as its last layer', () => {
    expect(typeAfter('mlp', (g) => vectorInput(g, 9), { units: [5, 3] })).toBe('vector[3]');
  });
});

describe('dropout', () => {
  const noise = floats([2, 2], [0.1, 0.25, 0.9, 0.2]);

  test('drops where the noise is below its rate, and divides the rest by 1 − rate', () => {
    const y = run((g) => tensorOf(g, lowered(g, 'dropout', vectorInput(g, 2), { rate: 0.25 })), {
      x: a,
      noise_1: noise,
    });
    expectClose(y.data, [0, 2 / 0.75, 3 / 0.75, 0]);
  });

  test('is nothing in a served tower, and at a rate of 0', () => {
    const g = makeBuilder('served');
    const input = vectorInput(g, 2);
    expect(lowered(g, 'dropout', input, { rate: 0.5 }, false)).toBe(input);
    expect(lowered(g, 'dropout', input, { rate: 0 })).toBe(input);
  });

  test('keeps the shape of fields and of sequences', () => {
    expect(typeAfter('dropout', (g) => fieldInputs(g, [2, 3]))).toBe('fields[2, 3]');
    expect(typeAfter('dropout', (g) => sequenceInput(g, 5, 3))).toBe('sequence[5 × 3]');
  });
});

describe('layer_norm', () => {
  test('gives each row mean 0 and variance 1, times its gain plus its offset', () => {
    const x = random([3, 5], 1, -4, 9);
    const gain = random([5], 2);
    const offset = random([5], 3);
    const y = run((g) => tensorOf(g, lowered(g, 'layer_norm', vectorInput(g, 5))), { x }, { gain, offset });
    const expected = rowsOf(x).flatMap((row) => {
      const mean = row.reduce((sum, value) => sum + value) / 5;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 5;
      return row.map((value, at) => ((value - mean) / Math.sqrt(variance + 1e-5)) * gain.data[at]! + offset.data[at]!);
    });
    expectClose(y.data, expected, 1e-5);
  });
});

describe('normalize', () => {
  test('divides each row by its length, and leaves a row of zeros', () => {
    const x = floats([2, 2], [3, -4, 0, 0]);
    const y = run((g) => tensorOf(g, lowered(g, 'normalize', vectorInput(g, 2))), { x });
    expectClose(y.data, [0.6, -0.8, 0, 0], 1e-6);
  });

  test('knows that it did, so that nothing normalizes twice', () => {
    const g = makeBuilder('twice');
    const once = lowered(g, 'normalize', vectorInput(g, 2));
    expect(once).toMatchObject({ normalized: true });
    expect(lowered(g, 'normalize', once)).toEqual(once);
    expect(lowered(g, 'dense', once, { units: 2 })).toMatchObject({ normalized: false });
  });
});

describe('senet', () => {
  test('squeezes each field by its own mean, whatever its width, and weighs it as a whole', () => {
    const reduce = floats([2, 1], [1, -0.5]);
    const expand = floats([1, 2], [2, -1]);
    const y = run(
      (g) => tensorOf(g, lowered(g, 'senet', fieldInputs(g, [2, 3]), { reduction: 2 })),
      { a, b },
      { reduce, expand },
    );
    // z = (mean a, mean b): (1.5, 6), (3.5, 9); hidden = relu(a − b/2): 0 and 0 → weights σ(0) = ½ …
    expectClose(y.data, [0.5, 1, 2.5, 3, 3.5, 1.5, 2, 4, 4.5, 5]);
    const other = run(
      (g) => tensorOf(g, lowered(g, 'senet', fieldInputs(g, [2, 3]), { reduction: 2 })),
      { a, b },
      { reduce: floats([2, 1], [1, 0]), expand },
    );
    const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
    const expected = [
      [1, 2].map((value) => value * sigmoid(3)),
      [5, 6, 7].map((value) => value * sigmoid(-1.5)),
      [3, 4].map((value) => value * sigmoid(7)),
      [8, 9, 10].map((value) => value * sigmoid(-3.5)),
    ];
    expectClose(other.data, expected.flat());
  });

  test('keeps the type, and one hidden unit at least', () => {
    expect(typeAfter('senet', (g) => fieldInputs(g, [4, 4, 8]))).toBe('fields[4, 4, 8]');
    expect(typeAfter('senet', (g) => fieldInputs(g, [4]), { reduction: 16 })).toBe('fields[1 × 4]');
  });

  test('takes no vector', () => {
    expect(refusalOf('senet', (g) => vectorInput(g, 8)).reason).toContain('needs fields, but gets vector[8]');
  });
});

describe('mean and sum', () => {
  const pair = { a, b: floats([2, 2], [10, 20, 30, 40]) };

  test('of fields are taken field by field', () => {
    expect([...run((g) => tensorOf(g, lowered(g, 'sum', fieldInputs(g, [2, 2]))), pair).data]).toEqual([
      11, 22, 33, 44,
    ]);
    expect([...run((g) => tensorOf(g, lowered(g, 'mean', fieldInputs(g, [2, 2]))), pair).data]).toEqual([
      5.5, 11, 16.5, 22,
    ]);
  });

  test('of a sequence count only what is there; of an empty one they are 0', () => {
    const x = floats([2, 3, 2], [1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
    const mask = floats([2, 3], [1, 1, 0, 0, 0, 0]);
    const pooled = (kind: string) => run((g) => tensorOf(g, lowered(g, kind, sequenceInput(g, 3, 2))), { x, mask });
    expect([...pooled('mean').data]).toEqual([2, 3, 0, 0]);
    expect([...run((g) => tensorOf(g, lowered(g, 'sum', sequenceInput(g, 3, 2))), { x, mask }).data]).toEqual([
      4, 6, 0, 0,
    ]);
  });

  test('need fields of one width, and say which is odd', () => {
    const refusal = refusalOf('mean', (g) => fieldInputs(g, [4, 8, 4]));
    expect(refusal.feature).toBe('b');
    expect(refusal.reason).toBe('needs fields of one width, but gets fields[4, 8, 4]: `b` has width 8, not 4');
  });
});

describe('max', () => {
  test('of a sequence looks past no end: zeros there are no numbers; of an empty one it is 0', () => {
    const x = floats([3, 3, 2], [-1, -2, -3, -1, 0, 0, 5, -4, -5, 4, 1, 1, 0, 0, 0, 0, 0, 0]);
    const mask = floats([3, 3], [1, 1, 0, 1, 1, 1, 0, 0, 0]);
    const y = run((g) => tensorOf(g, lowered(g, 'max', sequenceInput(g, 3, 2))), { x, mask });
    expect([...y.data].map((value) => value + 0)).toEqual([-1, -1, 5, 4, 0, 0]);
  });

  test('of fields is taken field by field', () => {
    const c = floats([2, 2], [2, -9, 3, 7]);
    const y = run((g) => tensorOf(g, lowered(g, 'max', fieldInputs(g, [2, 2]))), { a, b: c });
    expect([...y.data]).toEqual([2, 2, 3, 7]);
  });
});

describe('an activation as a step', () => {
  const kinds = ['relu', 'leaky_relu', 'prelu', 'dice', 'gelu', 'silu', 'tanh', 'sigmoid', 'softplus'];

  test.each(kinds)('%s keeps every shape', (kind) => {
    expect(typeAfter(kind, (g) => vectorInput(g, 7))).toBe('vector[7]');
    expect(typeAfter(kind, (g) => fieldInputs(g, [2, 3]))).toBe('fields[2, 3]');
    expect(typeAfter(kind, (g) => sequenceInput(g, 4, 3))).toBe('sequence[4 × 3]');
  });

  test.each(kinds)('%s is the same as the activation of a layer', (kind) => {
    const x = random([3, 4], 8, -2, 2);
    const parameters = {
      weights: floats(
        [4, 4],
        Array.from({ length: 16 }, (_, at) => (at % 5 === 0 ? 1 : 0)),
      ),
      ...{ slope: random([4], 9), alpha: random([4], 10) },
    };
    const used = (make: (g: Builder) => Value) => {
      const g = makeBuilder('activation');
      g.output('y', tensorOf(g, make(g)));
      const graph = g.finish();
      const own = Object.entries(parameters).filter(([name]) => graph.parameters.some((each) => each.name === name));
      const first = initialValues(graph, 1);
      return evaluateGraph(graph, { x }, { ...first, ...Object.fromEntries(own) }).outputs.y!.data;
    };
    const layer = used((g) => lowered(g, 'dense', vectorInput(g, 4), { units: 4, activation: kind }));
    expectClose(
      used((g) => lowered(g, kind, vectorInput(g, 4))),
      layer,
      1e-6,
    );
  });

  test('gelu is near x Φ(x)', () => {
    const x = floats([1, 5], [-3, -1, 0, 0.5, 2]);
    const y = run((g) => tensorOf(g, lowered(g, 'gelu', vectorInput(g, 5))), { x });
    // x Φ(x), from a table of the normal distribution.
    expectClose(y.data, [-3 * 0.00135, -0.158655, 0, 0.5 * 0.691462, 2 * 0.97725], 5e-4);
  });
});

describe('mask', () => {
  const three = (g: Builder): NamedValue[] => ['x', 'y', 'z'].map((name) => ({ name, value: vectorInput(g, 2) }));

  test('gives a vector of its units, of fields and of a vector', () => {
    expect(typeAfter('mask', (g) => fieldInputs(g, [2, 3]), { units: 5 })).toBe('vector[5]');
    expect(typeAfter('mask', (g) => vectorInput(g, 4), { units: 5 })).toBe('vector[5]');
    expect(refusalOf('mask', (g) => sequenceInput(g, 4, 3)).reason).toBe(
      'needs fields or a vector, but gets sequence[4 × 3]',
    );
  });

  test('takes two values where it joins, the hidden and the instance', () => {
    const g = makeBuilder('join');
    const join = (count: number) => () =>
      blocks.mask!.join!(contextOf(g), three(g).slice(0, count), { units: 2, ratio: 2 });
    expect(join(2)).not.toThrow();
    expect(join(1)).toThrow(/^takes two values/);
    expect(join(3)).toThrow(/^takes two values/);
  });
});

describe('gru', () => {
  const one = [1, 1, 1];
  const weights = {
    weights_element: floats([1, 3], [0.5, -1, 2]),
    bias_element: floats([3], [0.1, 0.2, -0.3]),
    weights_state: floats([1, 3], [-0.4, 0.7, 1.5]),
    bias_state: floats([3], [0.05, -0.1, 0.4]),
  };
  const states = (x: readonly number[], mask: readonly number[], which: 'last' | 'all') =>
    run(
      (g) => tensorOf(g, lowered(g, 'gru', sequenceInput(g, 3, 1), { units: 1, states: which })),
      { x: floats([x.length / 3, 3, 1], x), mask: floats([x.length / 3, 3], mask) },
      weights,
    ).data;
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  /** The gates by hand: reset, update, candidate. */
  const next = (h: number, x: number): number => {
    const reset = sigmoid(0.5 * x + 0.1 - 0.4 * h + 0.05);
    const update = sigmoid(-x + 0.2 + 0.7 * h - 0.1);
    const candidate = Math.tanh(2 * x - 0.3 + reset * (1.5 * h + 0.4));
    return (1 - update) * candidate + update * h;
  };

  test('reads in order, and gives the state at the end or the one after each element', () => {
    const x = [0.3, -0.8, 1.1];
    const expected = [next(0, x[0]!)];
    for (const value of x.slice(1)) expected.push(next(expected.at(-1)!, value));
    expectClose(states(x, one, 'all'), expected, 1e-6);
    expectClose(states(x, one, 'last'), [expected[2]!], 1e-6);
  });

  test('past the end the state stays, whatever is there; of nothing it is 0', () => {
    const first = next(0, 0.3);
    const x = [0.3, 50, -50, 7, 7, 7];
    expectClose(states(x, [1, 0, 0, 0, 0, 0], 'last'), [first, 0], 1e-6);
    expectClose(states(x, [1, 0, 0, 0, 0, 0], 'all'), [first, 0, 0, 0, 0, 0], 1e-6);
  });

  test('gives a vector, or a sequence for what follows; fields have no order to read in', () => {
    expect(typeAfter('gru', (g) => sequenceInput(g, 4, 3), { units: 5 })).toBe('vector[5]');
    expect(typeAfter('gru', (g) => sequenceInput(g, 4, 3), { units: 5, states: 'all' })).toBe('sequence[4 × 5]');
    expect(refusalOf('gru', (g) => fieldInputs(g, [3, 3]), { units: 5 }).reason).toMatch(/^needs a sequence/);
  });
});
