import { describe, expect, test } from 'vitest';
import { type Builder, makeBuilder } from '../../../src/graph/builder.ts';
import { evaluate } from '../../../src/graph/evaluate.ts';
import type { ChannelPair, Score } from '../../../src/library/contract.ts';
import { scores } from '../../../src/library/scores/table.ts';
import { batch, contextOf, expectClose, floats, random, rowsOf } from '../support.ts';

function pairsOf(builder: Builder, widths: readonly number[], normalized = false): ChannelPair[] {
  return widths.map((width, at) => {
    const side = (name: string) =>
      ({ kind: 'vector', tensor: builder.input(`${name}${at}`, [batch, width]), width, normalized }) as const;
    return { channel: `c${at}`, query: side('q'), item: side('i') };
  });
}

const lowered = (builder: Builder, kind: string, pairs: ChannelPair[]): Score =>
  scores[kind]!.lower(contextOf(builder), pairs, {});

const q0 = random([3, 2], 1);
const i0 = random([3, 2], 2);
const q1 = random([3, 4], 3);
const i1 = random([3, 4], 4);

function all(kind: string): number[][] {
  const builder = makeBuilder(kind);
  const { query, item } = lowered(builder, kind, pairsOf(builder, [2, 4]));
  builder.output('scores', builder.matMul(query, item, { transposeB: true }));
  return rowsOf(evaluate(builder.finish(), { q0, i0, q1, i1 }, {}).outputs.scores!);
}

const dot = (x: number[], y: number[]): number => x.reduce((sum, value, at) => sum + value * y[at]!, 0);

describe.each([
  ['cosine', (x: number[], y: number[]) => dot(x, y) / (Math.hypot(...x) * Math.hypot(...y))],
  ['dot', dot],
] as const)('%s', (kind, expected) => {
  test('of every query with every item is the sum over channels', () => {
    const actual = all(kind);
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

test('a cosine is bounded by its number of channels, a dot only between vectors of length 1', () => {
  const bound = (kind: string, normalized: boolean) => {
    const builder = makeBuilder('bound');
    return lowered(builder, kind, pairsOf(builder, [2, 4], normalized)).bound;
  };
  expect(bound('cosine', false)).toBe(2);
  expect(bound('dot', true)).toBe(2);
  expect(bound('dot', false)).toBeUndefined();
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
  const { outputs } = evaluate(
    builder.finish(),
    { q0: floats([2, 2], [0, 0, 1, 0]), i0: floats([2, 2], [0, 5, 3, 0]) },
    {},
  );
  expectClose(outputs.scores!.data, [0, 0, 0, 1]);
});
