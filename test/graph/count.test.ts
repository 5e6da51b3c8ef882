import { expect, it } from 'vitest';
import { makeBuilder } from '../../src/graph/builder.ts';
import { countCost } from '../../src/graph/count.ts';
import { batch } from './support.ts';

it('a dense layer counts its parameters, operations and bytes, in all and under each prefix of its label', () => {
  const b = makeBuilder('dense');
  const x = b.input('x', [batch, 64]);
  b.scope('user', () => {
    const h = b.scope('mlp', () => {
      const w = b.parameter('weights', [64, 32], { kind: 'zeros' });
      const bias = b.parameter('bias', [32], { kind: 'zeros' });
      return b.add(b.matMul(x, w), bias);
    });
    b.output('y', b.sum(h, [1]));
  });
  const { parts, ...total } = countCost(b.finish(), { batch: 10 });
  // product 2·10·64·32, sum 10·32; each reads its operands and writes its result, 4 bytes a number
  const mlp = {
    parameters: 64 * 32 + 32,
    flops: 2 * 10 * 64 * 32 + 10 * 32,
    bytes: 4 * (10 * 64 + 64 * 32 + 10 * 32 + (10 * 32 + 32 + 10 * 32)),
  };
  const user = { ...mlp, flops: mlp.flops + 320, bytes: mlp.bytes + 4 * (320 + 10) };
  expect([...parts]).toEqual([
    ['user', user],
    ['user/mlp', mlp],
  ]);
  expect(total).toEqual(user);
});

it('of what a slice or a gather picks from, only what it picks is read', () => {
  const b = makeBuilder('picks');
  const x = b.input('x', [batch, 64]);
  b.scope('slice', () => b.output('columns', b.slice(x, [0, 8], [-1, 2])));
  b.scope('gather', () => b.output('rows', b.gather(x, b.constant([3, 1, 4], [3], 'int32'))));
  const { parts } = countCost(b.finish(), { batch: 10 });
  expect(parts.get('slice')?.bytes).toBe(4 * (10 * 2 + 10 * 2));
  expect(parts.get('gather')?.bytes).toBe(4 * (3 * 64 + 3 + 3 * 64));
});

it('a symbol without a size is refused', () => {
  const b = makeBuilder('symbol');
  b.output('y', b.exp(b.input('x', [batch])));
  expect(() => countCost(b.finish(), {})).toThrow('the length "batch" is not known');
});
