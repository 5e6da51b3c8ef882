import { describe, expect, test } from 'vitest';
import type { ChannelPair } from '../../../../src/compiler/library/contract.ts';
import { mixedInterests, ownInterest } from '../../../../src/compiler/library/vector_ops.ts';
import { type Builder, makeBuilder } from '../../../../src/graph/builder.ts';
import { differentiate } from '../../../../src/graph/differentiate.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { batch, expectClose, floats, random, rowsOf } from '../support.ts';
import { lowered, pairsOf, scoresOf } from './support.ts';

const q0 = random([3, 2], 1);
const i0 = random([3, 2], 2);
const q1 = random([3, 4], 3);
const i1 = random([3, 4], 4);

const dot = (x: number[], y: number[]): number => x.reduce((sum, value, at) => sum + value * y[at]!, 0);

describe.each([
  ['cosine', (x: number[], y: number[]) => dot(x, y) / (Math.hypot(...x) * Math.hypot(...y))],
  ['dot', dot],
  ['distance', (x: number[], y: number[]) => -x.reduce((sum, value, at) => sum + (value - y[at]!) ** 2, 0)],
] as const)('%s', (kind, expected) => {
  test('of every query with every item is the sum over channels', () => {
    const actual = scoresOf(kind);
    for (let row = 0; row < 3; row++) {
      for (let column = 0; column < 3; column++) {
        const value = expected(rowsOf(q0)[row]!, rowsOf(i0)[column]!) + expected(rowsOf(q1)[row]!, rowsOf(i1)[column]!);
        expectClose([actual[row]![column]!], [value], 1e-5);
      }
    }
  });

  test('needs two widths that agree', () => {
    const builder = makeBuilder('odd');
    const [first, second] = pairsOf(builder, [2, 4]) as [ChannelPair, ChannelPair];
    expect(() => lowered(builder, kind, [{ ...first, item: second.item }])).toThrow(
      /`c0` has vector\[2\] and vector\[4\]/,
    );
  });
});

test('a cosine is bounded by its number of channels, dot and distance only between vectors of length 1', () => {
  const bound = (kind: string, normalized: boolean) => {
    const builder = makeBuilder('bound');
    return lowered(builder, kind, pairsOf(builder, [2, 4], normalized)).bound;
  };
  expect(bound('cosine', false)).toBe(2);
  expect(bound('dot', true)).toBe(2);
  expect(bound('dot', false)).toBe(Number.POSITIVE_INFINITY);
  expect(bound('distance', true)).toBe(8);
  expect(bound('distance', false)).toBe(Number.POSITIVE_INFINITY);
});

test('a cosine of vectors that are normalized already computes nothing', () => {
  const builder = makeBuilder('once');
  const pairs = pairsOf(builder, [2], true);
  const nodes = builder.nodes.length;
  expect(lowered(builder, 'cosine', pairs).query).toBe(pairs[0]!.query.tensor);
  expect(builder.nodes.length).toBe(nodes);
});

test('a vector of zeros has cosine 0 with everything', () => {
  const builder = makeBuilder('zeros');
  const { query, item } = lowered(builder, 'cosine', pairsOf(builder, [2]));
  builder.output('scores', builder.matMul(query, item, { transposeB: true }));
  const { outputs } = evaluateGraph(
    builder.finish(),
    { q0: floats([2, 2], [0, 0, 1, 0]), i0: floats([2, 2], [0, 5, 3, 0]) },
    {},
  );
  expectClose(outputs.scores!.data, [0, 0, 0, 1]);
});

test('hadamard weighs each element-wise product, folded into the query tower, and begins as dot', () => {
  const builder = makeBuilder('hadamard');
  const { query, item, bound } = lowered(builder, 'hadamard', pairsOf(builder, [2, 4]));
  expect(bound).toBe(Number.POSITIVE_INFINITY);
  builder.output('scores', builder.matMul(query, item, { transposeB: true }));
  const graph = builder.finish();
  expect(graph.parameters.map(({ name, initial }) => [name, initial])).toEqual([['weights', { kind: 'ones' }]]);
  const weights = [0.5, -1, 2, 0, 1, -0.25];
  const inputs = { q0, i0, q1, i1 };
  const actual = rowsOf(evaluateGraph(graph, inputs, { weights: floats([6], weights) }).outputs.scores!);
  const [queries, items] = [
    [q0, q1],
    [i0, i1],
  ].map((sides) => [0, 1, 2].map((row) => sides.flatMap((side) => rowsOf(side)[row]!))) as [number[][], number[][]];
  for (let row = 0; row < 3; row++) {
    expectClose(
      actual[row]!,
      items.map((other) => weights.reduce((sum, weight, at) => sum + weight * queries[row]![at]! * other[at]!, 0)),
    );
  }
});

describe('several interests', () => {
  const several = random([3, 2, 4], 5);
  const interestsOf = (builder: Builder): ChannelPair => ({
    channel: 'c1',
    query: { kind: 'interests', tensor: builder.input('q', [batch, 2, 4]), count: 2, width: 4, normalized: false },
    item: { kind: 'vector', tensor: builder.input('i1', [batch, 4]), width: 4, normalized: false },
  });
  const interest = (row: number, k: number): number[] => [
    ...several.data.slice((row * 2 + k) * 4, (row * 2 + k + 1) * 4),
  ];

  test('are next to the other channels, so that the largest inner product is the sum with the best of them', () => {
    const builder = makeBuilder('several');
    const score = lowered(builder, 'cosine', [pairsOf(builder, [2])[0]!, interestsOf(builder)]);
    expect(score).toMatchObject({ width: 6, interests: 2, bound: 2 });
    builder.output('query', score.query);
    builder.output('item', score.item);
    const { outputs } = evaluateGraph(builder.finish(), { q0, i0, i1, q: several }, {});
    expect(outputs.query!.shape).toEqual([3, 2, 6]);
    const cosine = (x: number[], y: number[]): number => dot(x, y) / (Math.hypot(...x) * Math.hypot(...y));
    for (let row = 0; row < 3; row++) {
      for (let item = 0; item < 3; item++) {
        const each = [0, 1].map((k) =>
          dot([...outputs.query!.data.slice((row * 2 + k) * 6, (row * 2 + k + 1) * 6)], rowsOf(outputs.item!)[item]!),
        );
        const best = Math.max(...[0, 1].map((k) => cosine(interest(row, k), rowsOf(i1)[item]!)));
        expectClose([Math.max(...each)], [cosine(rowsOf(q0)[row]!, rowsOf(i0)[item]!) + best]);
      }
    }
  });

  test('of which the nearest counts, next to the distance of another channel', () => {
    const builder = makeBuilder('nearest');
    const score = lowered(builder, 'distance', [pairsOf(builder, [2])[0]!, interestsOf(builder)]);
    expect(score).toMatchObject({ width: 8, interests: 2, hasExtraColumns: true });
    builder.output('query', score.query);
    builder.output('item', score.item);
    const { outputs } = evaluateGraph(builder.finish(), { q0, i0, i1, q: several }, {});
    const square = (x: number[], y: number[]): number => x.reduce((sum, value, at) => sum + (value - y[at]!) ** 2, 0);
    for (let row = 0; row < 3; row++) {
      for (let item = 0; item < 3; item++) {
        const each = [0, 1].map((k) =>
          dot([...outputs.query!.data.slice((row * 2 + k) * 8, (row * 2 + k + 1) * 8)], rowsOf(outputs.item!)[item]!),
        );
        const nearest = Math.min(...[0, 1].map((k) => square(interest(row, k), rowsOf(i1)[item]!)));
        expectClose([Math.max(...each)], [-square(rowsOf(q0)[row]!, rowsOf(i0)[item]!) - nearest]);
      }
    }
  });

  test('of two channels are refused', () => {
    const builder = makeBuilder('two');
    const pair = interestsOf(builder);
    expect(() => lowered(builder, 'dot', [pair, { ...pair, channel: 'other' }])).toThrow(/one at most/);
  });

  test('in training are the one that agrees most with the own item, which alone learns', () => {
    const builder = makeBuilder('own');
    const { query, item } = interestsOf(builder);
    const own = ownInterest(builder, query.tensor, item.tensor);
    builder.output('own', own);
    const [gradient] = differentiate(builder, builder.sum(own, [0, 1]), [query.tensor]);
    builder.output('gradient', gradient!);
    const { outputs } = evaluateGraph(builder.finish(), { q: several, i1 }, {});
    for (let row = 0; row < 3; row++) {
      const [first, second] = [0, 1].map((k) => dot(interest(row, k), rowsOf(i1)[row]!)) as [number, number];
      const best = first > second ? 0 : 1;
      expectClose(rowsOf(outputs.own!)[row]!, interest(row, best));
      const learned = [...outputs.gradient!.data.slice(row * 8, row * 8 + 8)];
      expect(learned).toEqual([0, 1].flatMap((k) => new Array(4).fill(k === best ? 1 : 0)));
    }
  });

  describe('with a power', () => {
    const mixedBy = (power: number, queries = several) => {
      const builder = makeBuilder('mixed');
      const { query, item } = interestsOf(builder);
      const mixed = mixedInterests(builder, query.tensor, item.tensor, power);
      builder.output('mixed', mixed);
      const by = differentiate(builder, builder.sum(mixed, [0, 1]), [query.tensor, item.tensor]);
      for (const [at, gradient] of by.entries()) builder.output(`gradient_${at}`, gradient!);
      return evaluateGraph(builder.finish(), { q: queries, i1 }, {}).outputs;
    };
    /** Formula 6 of MIND on one row, in plain numbers. */
    const formula = (interests: readonly number[][], item: number[], power: number): number[] => {
      const products = interests.map((each) => dot(each, item)).map((x) => Math.sign(x) * Math.abs(x) ** power);
      const shares = products.map((x) => 1 / products.reduce((sum, other) => sum + Math.exp(other - x), 0));
      return item.map((_, at) => interests.reduce((sum, each, k) => sum + shares[k]! * each[at]!, 0));
    };
    const both = (row: number): number[][] => [interest(row, 0), interest(row, 1)];

    test.each([1, 2, 3])('%i, are mixed by their agreement with the own item', (power) => {
      const { mixed } = mixedBy(power);
      const agreements = [0, 1, 2].flatMap((row) => both(row).map((each) => dot(each, rowsOf(i1)[row]!)));
      expect(Math.min(...agreements)).toBeLessThan(0);
      for (let row = 0; row < 3; row++) {
        expectClose(rowsOf(mixed!)[row]!, formula(both(row), rowsOf(i1)[row]!, power), 1e-5);
      }
    });

    test('learn by their shares too, and so does the item', () => {
      const { gradient_0: ofQueries, gradient_1: ofItems } = mixedBy(2);
      const step = 1e-4;
      const sumOf = (row: number, at: number, by: number): number => {
        const values = [...both(row).flat(), ...rowsOf(i1)[row]!];
        values[at]! += by;
        const parts = [values.slice(0, 4), values.slice(4, 8)];
        return formula(parts, values.slice(8), 2).reduce((sum, value) => sum + value, 0);
      };
      for (let row = 0; row < 3; row++) {
        const slopes = Array.from(
          { length: 12 },
          (_, at) => (sumOf(row, at, step) - sumOf(row, at, -step)) / (2 * step),
        );
        expectClose([...ofQueries!.data.slice(row * 8, row * 8 + 8), ...rowsOf(ofItems!)[row]!], slopes, 1e-4);
      }
    });

    test('that is large are the one that agrees most', () => {
      const long = floats(
        [3, 2, 4],
        [...several.data].map((value) => 20 * value),
      );
      const mixed = rowsOf(mixedBy(8, long).mixed!);
      for (let row = 0; row < 3; row++) {
        const products = both(row).map((each) => dot(each, rowsOf(i1)[row]!));
        const best = products[0]! > products[1]! ? 0 : 1;
        expectClose(
          mixed[row]!,
          interest(row, best).map((value) => 20 * value),
          1e-5,
        );
      }
    });
  });

  test('that agree alike share the row', () => {
    const builder = makeBuilder('alike');
    const { query, item } = interestsOf(builder);
    builder.output('own', ownInterest(builder, query.tensor, item.tensor));
    const zeros = floats([1, 2, 4], new Array(8).fill(0));
    expect([...evaluateGraph(builder.finish(), { q: zeros, i1: random([1, 4], 6) }, {}).outputs.own!.data]).toEqual([
      0, 0, 0, 0,
    ]);
  });
});
