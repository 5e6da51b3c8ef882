import { describe, expect, it } from 'vitest';
import type { Builder, Ref } from '../../../src/graph/builder.ts';
import { removeBroadcasts } from '../../../src/graph/passes/broadcasts.ts';
import { batch } from '../support.ts';
import { simplified } from './support.ts';

const shapes = [[batch, 4], [batch, 1], [4]];

describe('broadcasts', () => {
  const cases: readonly (readonly [
    title: string,
    build: (b: Builder, x: Ref, column: Ref, row: Ref) => Ref,
    expected: string,
  ])[] = [
    ['before a product of elements', (b, x, c) => b.mul(x, b.broadcastTo(c, x)), 'Mul(a, b)'],
    [
      'on both sides, where they still give the shape',
      (b, x, c, r) => b.mul(b.broadcastTo(c, x), b.broadcastTo(r, x)),
      'Mul(b, c)',
    ],
    [
      'on both sides, where one must stay',
      (b, x, c) => b.mul(b.broadcastTo(c, x), b.broadcastTo(b.exp(c), x)),
      'Mul(b, BroadcastTo(Exp(b), a))',
    ],
    ['of a choice', (b, x, c) => b.select(b.greater(x, 0), b.broadcastTo(c, x), 0), 'Select(Greater(a, 0), b, 0)'],
    ['come after what is done to each element', (b, x, c) => b.exp(b.broadcastTo(c, x)), 'BroadcastTo(Exp(b), a)'],
    ['of broadcasts', (b, x, c) => b.broadcastTo(b.broadcastTo(b.sum(c, [0, 1]), c), x), 'BroadcastTo(Sum(b), a)'],
    ['to the shape that is there', (b, x) => b.broadcastTo(x, b.exp(x)), 'a'],
    ['look to an input of that shape', (b, x, c, r) => b.broadcastTo(c, b.add(b.exp(x), r)), 'BroadcastTo(b, a)'],
  ];
  for (const [title, build, expected] of cases) {
    it(title, () => expect(simplified(removeBroadcasts, (b, x, c, r) => build(b, x!, c!, r!), shapes)).toBe(expected));
  }
});
