/** Arithmetic between values of flows, held against sums over plain arrays, and its gradients against differences. */
import { describe, expect, it } from 'vitest';
import { compute, type Operator } from '../../../src/compiler/library/arithmetic.ts';
import type { Sequence, Value } from '../../../src/compiler/library/contract.ts';
import { printValue, vectorOf } from '../../../src/compiler/library/values.ts';
import { type Builder, makeBuilder } from '../../../src/graph/builder.ts';
import { differentiate } from '../../../src/graph/differentiate.ts';
import { evaluateInDoubles } from '../../../src/graph/evaluate.ts';
import { batch, expectClose, floats, random } from './support.ts';

const [rows, length, width] = [3, 4, 2];
/** A full list, one of two elements, and an empty one. */
const lengths = [4, 2, 0];
const mask = floats(
  [rows, length],
  lengths.flatMap((count) => Array.from({ length }, (_, t) => Number(t < count))),
);
const masked = (stream: number) => {
  const list = random([rows, length, width], stream, 0.5, 2);
  list.data.forEach((x, index) => {
    list.data[index] = x * mask.data[Math.floor(index / width)]!;
  });
  return list;
};
const inputs = {
  a: masked(1),
  b: masked(2),
  mask,
  v: random([rows, width], 3, 0.5, 2),
  w: random([rows, width], 4, 0.5, 2),
};

function values(
  builder: Builder,
): Readonly<Record<'list' | 'other' | 'stranger' | 'vector' | 'second' | 'narrow' | 'fields' | 'interests', Value>> {
  const sequence = (name: string, input: string): Sequence => ({
    kind: 'sequence',
    name,
    tensor: builder.input(input, [batch, length, width]),
    mask: builder.input('mask', [batch, length]),
    length,
    maxLength: length,
    width,
  });
  const a = sequence('history', 'a');
  const v = builder.input('v', [batch, width]);
  return {
    list: a,
    other: { ...a, tensor: builder.input('b', [batch, length, width]) },
    stranger: { ...a, name: 'likes' },
    vector: vectorOf(v, width),
    second: vectorOf(builder.input('w', [batch, width]), width),
    narrow: vectorOf(builder.slice(v, [0, 0], [-1, 1]), 1),
    fields: {
      kind: 'fields',
      fields: [
        { name: 'x', tensor: v, width },
        { name: 'y', tensor: v, width },
      ],
    },
    interests: { kind: 'interests', tensor: builder.reshape(v, [batch, 1, width]), count: 1, width, normalized: true },
  };
}

type Name = keyof ReturnType<typeof values>;

function result(left: Name | number, operator: Operator, right: Name | number) {
  const builder = makeBuilder('arithmetic');
  const all = values(builder);
  const operand = (name: Name | number) => (typeof name === 'number' ? name : all[name]);
  const value = compute(builder, operator, operand(left), operand(right));
  return { builder, value };
}

function numbers(left: Name | number, operator: Operator, right: Name | number): number[] {
  const { builder, value } = result(left, operator, right);
  if (value.kind === 'fields' || value.kind === 'outputs') throw new Error('has several tensors');
  builder.output('y', value.tensor);
  return [...evaluateInDoubles(builder.finish(), inputs, {}).outputs.y!.data];
}

const operations: Readonly<Record<Exclude<Operator, '@'>, (x: number, y: number) => number>> = {
  '+': (x, y) => x + y,
  '-': (x, y) => x - y,
  '*': (x, y) => x * y,
  '/': (x, y) => x / y,
};
const operators = Object.keys(operations) as (keyof typeof operations)[];

/** The number of a value at a row, an element and a column. */
function at(name: Name | number, row: number, t: number, column: number): number {
  if (typeof name === 'number') return name;
  if (name === 'list' || name === 'other')
    return inputs[name === 'list' ? 'a' : 'b'].data[(row * length + t) * width + column]!;
  return inputs[name === 'vector' ? 'v' : 'w'].data[row * width + column]!;
}

describe.each(operators)('%s', (operator) => {
  const pairs: readonly (readonly [Name | number, Name | number])[] = [
    ['list', 'other'],
    ['list', 'vector'],
    ['vector', 'list'],
    ['list', 2],
    [3, 'list'],
  ];
  it.each(pairs)('of %s and %s is computed for each element, and is 0 past the end', (left, right) => {
    const expected = Array.from({ length: rows * length * width }, (_, index) => {
      const [row, t, column] = [Math.floor(index / length / width), Math.floor(index / width) % length, index % width];
      return t < lengths[row]! ? operations[operator](at(left, row, t, column), at(right, row, t, column)) : 0;
    });
    expectClose(numbers(left, operator, right), expected, 1e-6);
  });

  it.each([
    ['vector', 'second'],
    ['vector', 0.5],
    [2, 'vector'],
  ] as const)('of %s and %s is a vector', (left, right) => {
    const expected = Array.from({ length: rows * width }, (_, index) =>
      operations[operator](
        at(left, Math.floor(index / width), 0, index % width),
        at(right, Math.floor(index / width), 0, index % width),
      ),
    );
    expectClose(numbers(left, operator, right), expected, 1e-6);
  });

  it.each(['list', 'vector', 'fields', 'interests'] as const)('with a number keeps the shape of %s', (name) => {
    const { builder, value } = result(name, operator, 2);
    expect(printValue(value)).toBe(printValue(values(builder)[name]));
  });

  it.each([
    ['list', 'other'],
    ['vector', 'list'],
    [3, 'list'],
    ['list', 'vector'],
  ] as const)('of %s and %s has the gradient of differences, without NaN for an empty list', (left, right) => {
    const { builder, value } = result(left, operator, right);
    if (value.kind !== 'sequence') throw new Error('is no sequence');
    const sum = builder.sum(builder.square(value.tensor), [0, 1, 2]);
    const input = builder.input('a', [batch, length, width]);
    builder.output('sum', sum);
    builder.output('gradient', differentiate(builder, sum, [input])[0]!);
    const graph = builder.finish();
    const { outputs } = evaluateInDoubles(graph, inputs, {});
    const step = 1e-3;
    const differences = Array.from(inputs.a.data, (x, index) => {
      if (mask.data[Math.floor(index / width)] === 0) return 0;
      const [above, below] = [step, -step].map((change) => {
        const data = inputs.a.data.slice();
        data[index] = x + change;
        return {
          sum: evaluateInDoubles(graph, { ...inputs, a: { ...inputs.a, data } }, {}).outputs.sum!.data[0]!,
          x: data[index]!,
        };
      });
      return (above!.sum - below!.sum) / (above!.x - below!.x);
    });
    const actual = Array.from(outputs.gradient!.data, (x, index) =>
      mask.data[Math.floor(index / width)] === 0 ? x * 0 : x,
    );
    expectClose(actual, differences, 1e-4);
    expect([...outputs.gradient!.data].every(Number.isFinite)).toBe(true);
  });
});

describe('@', () => {
  it('sums the products over the width', () => {
    const inner = (left: Name, right: Name, row: number, t: number) =>
      at(left, row, t, 0) * at(right, row, t, 0) + at(left, row, t, 1) * at(right, row, t, 1);
    expectClose(
      numbers('vector', '@', 'second'),
      [0, 1, 2].map((row) => inner('vector', 'second', row, 0)),
      1e-6,
    );
    const expected = Array.from({ length: rows * length }, (_, index) =>
      inner('list', 'vector', Math.floor(index / length), index % length),
    );
    expectClose(numbers('list', '@', 'vector'), expected, 1e-6);
    expect(printValue(result('list', '@', 'other').value)).toBe('sequence[4 × 1]');
    expect(printValue(result('interests', '@', 'vector').value)).toBe('interests[1 × 1]');
  });
});

describe('refused', () => {
  it.each([
    [
      'vector',
      '+',
      'narrow',
      'needs values of one kind and one width, but gets vector[2] and vector[1]: a vector of width 1 is no number, so let a `dense` give it the width of the other',
    ],
    [
      'list',
      '*',
      'stranger',
      'needs sequences of one list, but gets elements of `history` and of `likes`: declare one `along(…)` the other',
    ],
    ['fields', '*', 'vector', 'needs values of one kind and one width, but gets fields[2 × 2] and vector[2]'],
    ['list', '+', 'interests', 'needs values of one kind and one width, but gets sequence[4 × 2] and interests[1 × 2]'],
    ['vector', '@', 2, 'needs two values of flows, but gets a number and vector[2]'],
    ['fields', '@', 'fields', 'needs values of one kind and one width, but gets fields[2 × 2] and fields[2 × 2]'],
  ] as const)('%s %s %s', (left, operator, right, reason) => {
    expect(() => result(left, operator, right)).toThrow(reason);
  });
});
