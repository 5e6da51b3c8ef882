import { expect, it } from 'vitest';
import type { Graph } from '../../../src/graph/graph.ts';
import { shareCommon } from '../../../src/graph/passes/common.ts';
import { batch } from '../support.ts';
import { graphOf } from './support.ts';

it('a + b and b + a are one node', () => {
  const graph = shareCommon(graphOf((b, x, y) => b.mul(b.add(x!, y!), b.add(y!, x!)), [[batch], [batch]]));
  expect(graph.nodes.map(({ op }) => op)).toEqual(['Input', 'Input', 'Add', 'Mul']);
});

it('a − b and b − a are two', () => {
  const graph = graphOf((b, x, y) => b.mul(b.sub(x!, y!), b.sub(y!, x!)), [[batch], [batch]]);
  expect(shareCommon(graph)).toBe(graph);
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
  expect(shareCommon(graph).nodes.map(({ inputs }) => inputs)).toEqual([[], [0], [1, 1]]);
});
