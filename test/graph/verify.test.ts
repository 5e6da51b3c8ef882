import { describe, expect, it } from 'vitest';
import { makeBuilder } from '../../src/graph/builder.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { verifyGraph } from '../../src/graph/verify.ts';
import { batch } from './support.ts';

/** %0 input x, %1 parameter w, %2 constant, %3 MatMul, %4 Add; output y, update of w. */
function valid(): Graph {
  const b = makeBuilder('valid');
  const x = b.input('x', [batch, 2]);
  const w = b.parameter('w', [2, 2], { kind: 'ones' });
  const one = b.constant(1);
  b.output('y', b.add(b.matMul(x, w), one));
  b.update(w, b.add(w, one));
  return b.finish();
}

function withNode(id: number, change: Partial<Node>): Graph {
  const graph = valid();
  return { ...graph, nodes: graph.nodes.map((node, i) => (i === id ? { ...node, ...change } : node)) };
}

describe('verify', () => {
  it('finds nothing in a valid graph, nor in one that was written as JSON', () => {
    expect(verifyGraph(valid())).toEqual([]);
    expect(verifyGraph(JSON.parse(JSON.stringify(valid())))).toEqual([]);
  });

  const problems: readonly (readonly [title: string, graph: Graph, expected: string[]])[] = [
    ['an op that is not in the table', withNode(3, { op: 'Conv' as never }), ['%3: there is no op "Conv"']],
    [
      'a node that reads one after it',
      withNode(3, { inputs: [0, 4] }),
      ['%3: reads %4, which does not come before it'],
    ],
    [
      'a node that reads nothing there',
      withNode(3, { inputs: [0, 99] }),
      ['%3: reads %99, which does not come before it'],
    ],
    [
      'a type that its op does not give',
      withNode(3, { type: { dtype: 'float32', shape: [batch, 3] } }),
      [
        '%3: MatMul gives float32[batch, 2], not float32[batch, 3]',
        '%4: Add gives float32[batch, 3], not float32[batch, 2]',
      ],
    ],
    [
      'operands that do not fit',
      withNode(3, { inputs: [1, 0] }),
      ['%3: MatMul: [2, 2] × [batch, 2]: the inner lengths 2 and batch differ'],
    ],
    [
      'attributes of the wrong form',
      withNode(4, { op: 'Sum', inputs: [3], attributes: {} }),
      ['%4: Sum has attributes of the wrong form: none'],
    ],
    ['a constant without its values', withNode(2, { attributes: {} }), ['%2: the values do not fill float32[]']],
    ['a leaf under another name', withNode(0, { attributes: { name: 'z' } }), ['Input "x": %0 is not it']],
    ['a leaf that is not declared', { ...valid(), inputs: [] }, ['%0: Input is not declared']],
    [
      'a name that is there twice',
      { ...valid(), outputs: [...valid().outputs, ...valid().outputs] },
      ['output "y" is there twice'],
    ],
    ['an output of nothing', { ...valid(), outputs: [{ name: 'y', node: 77 }] }, ['output "y": there is no %77']],
    [
      'an update of no parameter',
      { ...valid(), updates: [{ parameter: 'v', node: 1 }] },
      ['update of "v": there is no such parameter'],
    ],
    [
      'an update by nothing',
      { ...valid(), updates: [{ parameter: 'w', node: 77 }] },
      ['update of "w": there is no %77'],
    ],
    [
      'an update of another type',
      { ...valid(), updates: [{ parameter: 'w', node: 0 }] },
      ['update of "w": float32[batch, 2] for float32[2, 2]'],
    ],
  ];
  for (const [title, graph, expected] of problems)
    it(`finds ${title}`, () => expect(verifyGraph(graph)).toEqual(expected));
});
