import { expect, it } from 'vitest';
import { makeBuilder } from '../../src/graph/builder.ts';
import { printGraph } from '../../src/graph/print_graph.ts';
import { batch } from './support.ts';

it('a graph prints a line a value, leaves and scalars where they are read', () => {
  const b = makeBuilder('small');
  const x = b.input('x', [batch, 4]);
  const w = b.scope('user', () => b.scope('mlp', () => b.parameter('weights_0', [4, 4], { kind: 'zeros' })));
  const slot = b.parameter('slot', [4], { kind: 'zeros' }, { trainable: false });
  const y = b.scope('user', () => b.scope('mlp', () => b.mul(b.matMul(x, w, { transposeB: true }), 0.5)));
  b.output('y', b.sum(b.add(y, b.constant([1, 2, 3, 4])), [1], true));
  b.output('long', b.add(b.constant([1, 2, 3, 4, 5, 6, 7, 8, 9]), 0));
  b.update(slot, slot);
  expect(printGraph(b.finish())).toBe(`graph small
  input x float32[batch, 4]
  parameter user/mlp/weights_0 float32[4, 4]
  state slot float32[4]
  %3 float32[batch, 4] = MatMul(x, user/mlp/weights_0, transposeB)   # user/mlp
  %5 float32[batch, 4] = Mul(%3, 0.5)   # user/mlp
  %6 float32[4] = Constant(values: [1, 2, 3, 4])
  %7 float32[batch, 4] = Add(%5, %6)
  %8 float32[batch, 1] = Sum(%7, axes: [1], keepDims)
  %9 float32[9] = Constant(values: [1, 2, 3, 4, 5, 6, 7, 8, … 9])
  %11 float32[9] = Add(%9, 0)
  output y = %8
  output long = %11
  update slot = slot
`);
});
