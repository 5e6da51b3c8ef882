import { describe, expect, it } from 'vitest';
import type { Builder, Ref } from '../../../src/graph/builder.ts';
import type { Graph } from '../../../src/graph/graph.ts';
import {
  foldConstants,
  removeIdentities,
  removeScatters,
  shareEqualNodes,
} from '../../../src/graph/passes/identities.ts';
import { batch } from '../support.ts';
import { graphOf, simplified } from './support.ts';

const at = (b: Builder, column = 0): Ref => b.constant([0, column], [1, 2], 'int32');
const write = (b: Builder, x: Ref, value: number, column = 0): Ref =>
  b.scatterUpdate(x, at(b, column), b.constant([value]));

describe('zeros written over zeros', () => {
  const shapes = [
    [batch, 4],
    [batch, 1],
  ];
  const cases: readonly (readonly [
    title: string,
    build: (b: Builder, x: Ref, column: Ref) => Ref,
    expected: string,
  ])[] = [
    [
      'go after e^(−10⁹)',
      (b, x, r) => write(b, b.mul(b.exp(write(b, x, -1e9)), r), 0),
      'Mul(Exp(ScatterUpdate(a, 0 0, -1000000000)), b)',
    ],
    ['go after zeros', (b, x) => write(b, b.neg(write(b, x, 0)), 0), 'Neg(ScatterUpdate(a, 0 0, 0))'],
    [
      'stay after e^(−10), which is not 0',
      (b, x) => write(b, b.exp(write(b, x, -10)), 0),
      'ScatterUpdate(Exp(ScatterUpdate(a, 0 0, -10)), 0 0, 0)',
    ],
    [
      'stay at other places',
      (b, x) => write(b, write(b, x, 0), 0, 1),
      'ScatterUpdate(ScatterUpdate(a, 0 0, 0), 0 1, 0)',
    ],
    [
      'stay where they are not zeros',
      (b, x) => write(b, write(b, x, 0), 5),
      'ScatterUpdate(ScatterUpdate(a, 0 0, 0), 0 0, 5)',
    ],
  ];
  for (const [title, build, expected] of cases) {
    it(title, () => expect(simplified(removeScatters, (b, x, c) => build(b, x!, c!), shapes)).toBe(expected));
  }
});

it('a + b and b + a are one node', () => {
  const graph = shareEqualNodes(graphOf((b, x, y) => b.mul(b.add(x!, y!), b.add(y!, x!)), [[batch], [batch]]));
  expect(graph.nodes.map(({ op }) => op)).toEqual(['Input', 'Input', 'Add', 'Mul']);
});

it('a − b and b − a are two', () => {
  const graph = graphOf((b, x, y) => b.mul(b.sub(x!, y!), b.sub(y!, x!)), [[batch], [batch]]);
  expect(shareEqualNodes(graph)).toBe(graph);
});

it('equal nodes of a graph that was written by hand are one', () => {
  const type = { dtype: 'float32', shape: [batch] } as const;
  const exp = { op: 'Exp', inputs: [0], attributes: {}, type, label: '' } as const;
  const graph: Graph = {
    name: 'twice',
    nodes: [
      { op: 'Input', inputs: [], attributes: { name: 'x' }, type, label: '' },
      exp,
      exp,
      { op: 'Add', inputs: [1, 2], attributes: {}, type, label: '' },
    ],
    inputs: [{ name: 'x', node: 0 }],
    parameters: [],
    outputs: [{ name: 'y', node: 3 }],
    updates: [],
  };
  expect(shareEqualNodes(graph).nodes.map(({ inputs }) => inputs)).toEqual([[], [0], [1, 1]]);
});

it('nodes of constants are computed', () => {
  expect(simplified(foldConstants, (b, x) => b.mul(x!, b.add(b.constant(2), b.exp(b.constant(0)))), [[batch]])).toBe(
    'Mul(a, 3)',
  );
});

it('in float32', () => {
  const graph = foldConstants(graphOf((b) => b.add(b.constant(0.1), b.constant(0.2)), []));
  expect(graph.nodes.at(-1)?.attributes.values).toEqual([Math.fround(Math.fround(0.1) + Math.fround(0.2))]);
});

it('unless they are large, or not finite', () => {
  expect(simplified(foldConstants, (b) => b.log(b.constant(0)), [])).toBe('Log(0)');
  const large = graphOf((b) => b.neg(b.constant(1, [5000])), []);
  expect(foldConstants(large)).toBe(large);
});

const matrix = [batch, 4];

describe('identities', () => {
  const cases: readonly (readonly [title: string, build: (b: Builder, x: Ref, y: Ref) => Ref, expected: string])[] = [
    ['x + 0', (b, x) => b.add(x, 0), 'a'],
    ['0 + x', (b, x) => b.add(0, x), 'a'],
    ['x − 0', (b, x) => b.sub(x, 0), 'a'],
    ['x × 1', (b, x) => b.mul(x, 1), 'a'],
    ['x ÷ 1', (b, x) => b.div(x, 1), 'a'],
    ['x + a matrix of zeros', (b, x, y) => b.add(x, b.broadcastTo(b.constant(0), y)), 'a'],
    [
      'a column + zeros, which stretch it, stays',
      (b, x, y) => b.add(b.sum(x, [1], true), b.broadcastTo(b.constant(0), y)),
      'Add(Sum(a), BroadcastTo(0, b))',
    ],
    ['0 − x', (b, x) => b.sub(0, x), 'Neg(a)'],
    ['x × −1', (b, x) => b.mul(x, -1), 'Neg(a)'],
    ['−(−x)', (b, x) => b.neg(b.neg(x)), 'a'],
    ['−(x − y)', (b, x, y) => b.neg(b.sub(x, y)), 'Sub(b, a)'],
    ['x + (−y)', (b, x, y) => b.add(x, b.neg(y)), 'Sub(a, b)'],
    ['(−x) + y', (b, x, y) => b.add(b.neg(x), y), 'Sub(b, a)'],
    ['x − (−y)', (b, x, y) => b.sub(x, b.neg(y)), 'Add(a, b)'],
    ['x ÷ 4', (b, x) => b.div(x, 4), 'Mul(a, 0.25)'],
    ['x ÷ 0 stays', (b, x) => b.div(x, 0), 'Div(a, 0)'],
    ['x × x', (b, x) => b.mul(x, x), 'Square(a)'],
    ['x cast to what it is', (b, x) => b.cast(x, 'float32'), 'a'],
    ['x either way', (b, x, y) => b.select(b.greater(y, 0), x, x), 'a'],
    ['a stopped gradient', (b, x) => b.stopGradient(x), 'a'],
    ['a sum over an axis of length 1', (b, x) => b.sum(b.sum(x, [1], true), [1]), 'Reshape(Sum(a))'],
  ];
  for (const [title, build, expected] of cases) {
    it(title, () =>
      expect(simplified(removeIdentities, (b, x, y) => build(b, x!, y!), [matrix, matrix])).toBe(expected),
    );
  }
});
