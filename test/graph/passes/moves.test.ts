import { describe, expect, it } from 'vitest';
import type { Builder, Ref } from '../../../src/graph/builder.ts';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import type { Tensor } from '../../../src/graph/graph.ts';
import { joinMoves, removeBroadcasts } from '../../../src/graph/passes/moves.ts';
import { batch, expectClose, randomTensor } from '../support.ts';
import { graphOf, simplified } from './support.ts';

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

const matrix = [batch, 6];
const columns = (b: Builder, x: Ref, begin: number, count: number): Ref => b.slice(x, [0, begin], [-1, count]);
const placed = (b: Builder, x: Ref, before: number, after: number): Ref => b.pad(x, [0, before], [0, after]);

describe('moves', () => {
  const cases: readonly (readonly [title: string, build: (b: Builder, x: Ref, y: Ref) => Ref, expected: string])[] = [
    ['a reshape to the same shape', (b, x) => b.reshape(x, matrix), 'a'],
    ['two reshapes are one', (b, x) => b.reshape(b.reshape(x, [batch, 2, 3]), [batch, 3, 2]), 'Reshape(a)'],
    ['two transposes are one', (b, x) => b.transpose(b.transpose(x, [1, 0]), [1, 0]), 'Transpose(a)'],
    ['a transpose of nothing', (b, x) => b.transpose(x, [0, 1]), 'a'],
    ['a slice of everything', (b, x) => b.slice(x, [0, 0], [-1, -1]), 'a'],
    ['a pad of nothing', (b, x) => b.pad(x, [0, 0], [0, 0]), 'a'],
    ['one part joined', (b, x) => b.concat([x], 1), 'a'],
    ['a slice of a slice', (b, x) => columns(b, columns(b, x, 1, 4), 1, 2), 'Slice(a)'],
    ['a join of a join', (b, x, y) => b.concat([b.concat([x, y], 1), x], 1), 'Concat(a, b, a)'],
    [
      'a join of another axis stays',
      (b, x, y) => b.concat([b.concat([x, y], 0), b.concat([y, x], 0)], 1),
      'Concat(Concat(a, b), Concat(b, a))',
    ],
    ['neighbouring slices joined', (b, x) => b.concat([columns(b, x, 1, 2), columns(b, x, 3, 2)], 1), 'Slice(a)'],
    [
      'and next to something else',
      (b, x, y) => b.concat([y, columns(b, x, 1, 2), columns(b, x, 3, 2)], 1),
      'Concat(b, Slice(a))',
    ],
    [
      'slices out of order stay',
      (b, x) => b.concat([columns(b, x, 3, 2), columns(b, x, 1, 2)], 1),
      'Concat(Slice(a), Slice(a))',
    ],
    ['a slice within one part of a join', (b, x, y) => columns(b, b.concat([x, y], 1), 7, 2), 'Slice(b)'],
    ['a slice across parts stays', (b, x, y) => columns(b, b.concat([x, y], 1), 5, 2), 'Slice(Concat(a, b))'],
    ['pads that lie side by side', (b, x, y) => b.add(placed(b, x, 0, 6), placed(b, y, 6, 0)), 'Concat(a, b)'],
    ['pads that overlap stay', (b, x, y) => b.add(placed(b, x, 0, 3), placed(b, y, 3, 0)), 'Add(Pad(a), Pad(b))'],
  ];
  for (const [title, build, expected] of cases) {
    it(title, () => expect(simplified(joinMoves, (b, x, y) => build(b, x!, y!), [matrix, matrix])).toBe(expected));
  }

  it('the sum of three pads with a gap, and of something else', () => {
    const build = (b: Builder, x: Ref, y: Ref, z: Ref): Ref =>
      b.add(b.add(placed(b, x, 14, 1), z), b.add(placed(b, y, 1, 14), placed(b, x, 7, 8)));
    const shapes = [
      [3, 6],
      [3, 6],
      [3, 21],
    ];
    expect(simplified(joinMoves, (b, x, y, z) => build(b, x!, y!, z!), shapes)).toBe(
      'Add(Pad(Concat(b, Pad(a), a)), c)',
    );
    const given = shapes.map((shape, i) => randomTensor(shape, i));
    const simple = joinMoves(graphOf((b, x, y, z) => build(b, x!, y!, z!), shapes));
    const [a, b, c] = given as [Tensor, Tensor, Tensor];
    expectClose(evaluateGraph(simple, { a, b, c }, {}).outputs.y0!.data, handSum([a.data, b.data, c.data]), 1e-6);
  });
});

/** Columns 14–19 and 7–12 of the first, 1–6 of the second, over the third. */
function handSum([x, y, z]: readonly ArrayLike<number>[]): number[] {
  return Array.from(z!, (value, i) => {
    const [row, column] = [Math.floor(i / 21), i % 21];
    const at = (from: ArrayLike<number>, begin: number): number =>
      column >= begin && column < begin + 6 ? from[row * 6 + column - begin]! : 0;
    return value + at(x!, 14) + at(x!, 7) + at(y!, 1);
  });
}
