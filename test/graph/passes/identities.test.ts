import { describe, expect, it } from 'vitest';
import type { Builder, Ref } from '../../../src/graph/builder.ts';
import { removeIdentities } from '../../../src/graph/passes/identities.ts';
import { batch } from '../support.ts';
import { simplified } from './support.ts';

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
